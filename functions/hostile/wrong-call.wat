;; Calls through a table with the wrong signature.
(module
  (type $wanted (func (param i64)))
  (memory (export "memory") 1)
  (table funcref (elem $other))
  (func $other)
  (func (export "_start")
    (call_indirect (type $wanted) (i64.const 1) (i32.const 0))))

;; More entries than its table has: instantiation traps.
(module
  (table 2 funcref)
  (memory (export "memory") 1)
  (func $entry (export "_start"))
  (elem (i32.const 1) func $entry $entry))

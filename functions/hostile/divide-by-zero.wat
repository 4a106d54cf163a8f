;; Traps in arithmetic.
(module
  (memory (export "memory") 1)
  (func $zero (result i32) (i32.load (i32.const 0)))
  (func (export "_start")
    (drop (i32.div_s (i32.const 1) (call $zero)))))

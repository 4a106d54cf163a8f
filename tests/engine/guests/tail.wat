;; Two functions that call each other at their ends for ever, with more arguments than registers.
(module
  (memory (export "memory") 1)
  (func $few (param i64)
    (return_call $many (local.get 0) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const -1)
      (i64.const 0x4141414141414141)))
  (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (return_call $few (i64.add (local.get 0) (local.get 11))))
  (func $begin (call $few (i64.const 1)))
  (func (export "tail") (call $begin))
  (func (export "answer") (result i32) (i32.const 42)))

;; Exports whose types no caller of ours has.
(module
  (memory (export "memory") 1)
  (global (export "constant") v128 (v128.const i64x2 1 2))
  (func (export "vector") (result v128) (v128.const i64x2 1 2))
  (func (export "of_vector") (param v128))
  (func (export "answer") (result i32) (i32.const 42)))

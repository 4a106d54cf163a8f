;; Imports what nobody offers.
(module
  (import "env" "frobnicate" (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))

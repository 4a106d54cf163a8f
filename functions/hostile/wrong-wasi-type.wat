;; Imports a call of preview 1 with another signature than it has.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i64)))
  (memory (export "memory") 1)
  (func (export "_start")))

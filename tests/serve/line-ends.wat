;; Logs a mebibyte of line ends, and replies nothing.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 17)
  (func (export "_start")
    (memory.fill (i32.const 1024) (i32.const 10) (i32.const 1048576))
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 1048576))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 24)))))

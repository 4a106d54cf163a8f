;; Sleeps half a second, then logs a line and replies "rested".
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "rested")
  (data (i32.const 520) "slept\n")
  (func (export "_start")
    ;; a subscription to the monotonic clock (id 1 at 16, nanoseconds at 24)
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 500000000))
    (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))
      (then unreachable))
    (i32.store (i32.const 256) (i32.const 520))
    (i32.store (i32.const 260) (i32.const 6))
    (drop (call $write (i32.const 2) (i32.const 256) (i32.const 1) (i32.const 264)))
    (i32.store (i32.const 256) (i32.const 512))
    (drop (call $write (i32.const 1) (i32.const 256) (i32.const 1) (i32.const 264)))))

;; A command for events through the host: looks for what an earlier event left, answers "clean" or
;; "dirty", then leaves marks of the kind that its input names and ends as that kind ends.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 12)
  (global $seen (mut i32) (i32.const 0))
  (global $float (mut f64) (f64.const -0))
  (data (i32.const 16) "cleandirty")

  (func $clean (result i32)
    (local $at i32)
    (if (global.get $seen) (then (return (i32.const 0))))
    (if (i64.ne (i64.reinterpret_f64 (global.get $float)) (i64.const 0x8000000000000000))
      (then (return (i32.const 0))))
    (loop $next
      (if (i64.ne (i64.load offset=64 (local.get $at)) (i64.const 0))
        (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 786432))))
    (i32.const 1))

  (func $say (param $text i32)
    (i32.store (i32.const 1024) (local.get $text))
    (i32.store (i32.const 1028) (i32.const 5))
    (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 1032))))

  (func (export "_start")
    (local $kind i32) (local $n i32)
    (if (i32.eqz (call $clean)) (then (call $say (i32.const 21)) (return)))
    (global.set $seen (i32.const 1))
    (global.set $float (f64.const nan:0x123456789abcd))
    (call $say (i32.const 16))
    (i32.store (i32.const 1024) (i32.const 409590))  ;; read across two pages
    (i32.store (i32.const 1028) (i32.const 1000))
    (drop (call $read (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 1032)))
    (local.set $kind (i32.load8_u (i32.const 409590)))

    ;; f: every byte
    (if (i32.eq (local.get $kind) (i32.const 0x66))
      (then (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 786432)) (return)))
    ;; Forty random words for all others.
    (drop (call $random (i32.const 4096) (i32.const 160)))
    (local.set $n (i32.const 160))
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (i64.store
        (i32.add (i32.const 64) (i32.mul (i32.const 4096)
          (i32.rem_u (i32.load (i32.add (i32.const 4096) (local.get $n))) (i32.const 192))))
        (i64.const -1))
      (br_if $next (local.get $n)))
    ;; x: exits with 3, z: with 0, in the middle
    (if (i32.eq (local.get $kind) (i32.const 0x78)) (then (call $exit (i32.const 3))))
    (if (i32.eq (local.get $kind) (i32.const 0x7a)) (then (call $exit (i32.const 0))))
    ;; g: grows
    (if (i32.eq (local.get $kind) (i32.const 0x67))
      (then
        (drop (memory.grow (i32.const 2)))
        (i64.store (i32.const 786496) (i64.const -1))
        (return)))
    ;; t: traps, b: out of bounds
    (if (i32.eq (local.get $kind) (i32.const 0x74)) (then (unreachable)))
    (if (i32.eq (local.get $kind) (i32.const 0x62))
      (then (i64.store (i32.const 0x7ffffff0) (i64.const -1))))
    ;; e: never ends
    (if (i32.eq (local.get $kind) (i32.const 0x65)) (then (loop $ever (br $ever))))))

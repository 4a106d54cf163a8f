;; Leaves its mark wherever a guest can: for the tests of instances that are reset.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $filestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args-sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ-sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $clock-res (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock-time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (type $number (func (result i32)))
  (table 2 funcref)  ;; of which none is set
  (memory (export "memory") 12)
  (global $i32 (mut i32) (i32.const 11))
  (global $i64 (mut i64) (i64.const 22))
  (global $f32 (mut f32) (f32.const 1.5))
  (global $f64 (mut f64) (f64.const 2.5))
  (global $seen (mut i32) (i32.const 0))
  (data (i32.const 8192) "first state")

  ;; 0 if nothing of an earlier event is to be seen: the canary.
  (func $clean (result i32)
    (local $at i32)
    (if (i32.ne (global.get $seen) (i32.const 0)) (then (return (i32.const 1))))
    (if (i32.ne (global.get $i32) (i32.const 11)) (then (return (i32.const 2))))
    (if (i64.ne (global.get $i64) (i64.const 22)) (then (return (i32.const 3))))
    (if (f32.ne (global.get $f32) (f32.const 1.5)) (then (return (i32.const 4))))
    (if (f64.ne (global.get $f64) (f64.const 2.5)) (then (return (i32.const 5))))
    (if (i64.ne (i64.load (i32.const 8192)) (i64.const 0x6174732074737269)) (then nop))
    (loop $next
      (if (i64.ne (i64.load (i32.add (local.get $at) (i32.const 64))) (i64.const 0))
        (then (if (i32.ne (local.get $at) (i32.const 8128)) (then (return (i32.const 6))))))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 786432))))
    (i32.const 0))

  (func $mark
    (global.set $seen (i32.const 1))
    (global.set $i32 (i32.const -1))
    (global.set $i64 (i64.const -1))
    (global.set $f32 (f32.const nan))
    (global.set $f64 (f64.const -inf)))

  ;; Writes a word on every page.
  (func (export "every_page") (result i32)
    (local $at i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (loop $next
      (i64.store (i32.add (local.get $at) (i32.const 64)) (i64.const -1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 786432))))
    (i32.const 0))

  ;; Writes words at 40 random places (of 8 bytes after the 64th of a page).
  (func (export "random_pages") (result i32)
    (local $n i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (drop (call $random (i32.const 4096) (i32.const 160)))
    (local.set $n (i32.const 160))
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (i64.store
        (i32.add (i32.const 64) (i32.mul (i32.const 4096)
          (i32.rem_u (i32.load (i32.add (i32.const 4096) (local.get $n))) (i32.const 192))))
        (i64.const -1))
      (br_if $next (local.get $n)))
    (i32.const 0))

  ;; The same few pages each time: the case that learning is for.
  (func (export "same_pages") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 64) (i64.const 1))
    (i64.store (i32.const 40960) (i64.const 1))
    (i64.store (i32.const 409664) (i64.const 1))
    (i32.const 0))

  ;; Has the host write for it, across the border of two pages that it never touched itself.
  (func (export "by_the_host") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i32.store (i32.const 16) (i32.const 400000))  ;; iovec: where
    (i32.store (i32.const 20) (i32.const 2000))     ;; and how much
    (if (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24))
      (then (return (i32.const 7))))
    (call $random (i32.const 600000) (i32.const 9000)))

  ;; Writes, then traps in the middle.
  (func (export "trap") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 64) (i64.const -1))
    (i64.store (i32.const 614464) (i64.const -1))
    (unreachable))

  ;; Grows and writes into what it got.
  (func (export "grow") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 8))))
    (i64.store (i32.const 786496) (i64.const -1))
    (i32.const 0))

  ;; Straddles the border of two pages with one store.
  (func (export "straddle") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 409596) (i64.const -1))
    (i32.const 0))

  ;; Writes every byte there is.
  (func (export "fill") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 786432))
    (i32.const 0))

  ;; Copies half of the memory over the other, over itself by a word.
  (func (export "copy") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 64) (i64.const -1))
    (memory.copy (i32.const 72) (i32.const 64) (i32.const 390000))
    (memory.copy (i32.const 393216) (i32.const 0) (i32.const 393216))
    (i32.const 0))

  ;; Eighty stores of every width at random places, at no boundary; a place needs 8 bytes.
  (func (export "random_stores") (result i32)
    (local $n i32) (local $at i32) (local $seed i64)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (drop (call $random (i32.const 4090) (i32.const 8)))  ;; across two pages
    (local.set $seed (i64.or (i64.load (i32.const 4090)) (i64.const 1)))
    (local.set $n (i32.const 20))
    (loop $next
      (call $step (local.get $seed)) (local.set $seed)
      (local.set $at (call $place (local.get $seed)))
      (i32.store8 (local.get $at) (i32.wrap_i64 (local.get $seed)))
      (call $step (local.get $seed)) (local.set $seed)
      (local.set $at (call $place (local.get $seed)))
      (i64.store16 (local.get $at) (local.get $seed))
      (call $step (local.get $seed)) (local.set $seed)
      (local.set $at (call $place (local.get $seed)))
      (f32.store (local.get $at) (f32.reinterpret_i32 (i32.wrap_i64 (local.get $seed))))
      (call $step (local.get $seed)) (local.set $seed)
      (local.set $at (call $place (local.get $seed)))
      (f64.store (local.get $at) (f64.reinterpret_i64 (local.get $seed)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (i32.const 0))

  (func $step (param $x i64) (result i64)
    (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
    (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))

  (func $place (param $x i64) (result i32)
    (i32.wrap_i64 (i64.rem_u (local.get $x) (i64.const 786424))))

  ;; Has each call that writes for its caller do so on a page of its own, across its border where
  ;; what is written is longer than a word. 0, or 100 and the number of the call that failed.
  (func (export "by_every_call") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (if (call $args-sizes (i32.const 49148) (i32.const 53244)) (then (return (i32.const 101))))
    (if (call $args (i32.const 57340) (i32.const 61436)) (then (return (i32.const 102))))
    (if (call $environ-sizes (i32.const 65532) (i32.const 69628)) (then (return (i32.const 103))))
    (if (call $environ (i32.const 73724) (i32.const 77820)) (then (return (i32.const 104))))
    (if (call $clock-res (i32.const 0) (i32.const 81912)) (then (return (i32.const 105))))
    (if (call $clock-time (i32.const 1) (i64.const 1) (i32.const 86016))
      (then (return (i32.const 106))))
    (if (call $fdstat (i32.const 1) (i32.const 98296)) (then (return (i32.const 107))))
    (if (call $filestat (i32.const 1) (i32.const 110584)) (then (return (i32.const 108))))
    (if (call $random (i32.const 122870) (i32.const 4200)) (then (return (i32.const 109))))
    (i32.store (i32.const 163836) (i32.const 8192))  ;; iovec: where
    (i32.store (i32.const 163840) (i32.const 11))    ;; and how much; it stands on two pages
    (if (call $write (i32.const 2) (i32.const 163836) (i32.const 1) (i32.const 204796))
      (then (return (i32.const 110))))
    ;; One subscription to a clock that has passed; userdata at 200704, the clock's id at 200720.
    (i64.store (i32.const 200704) (i64.const 7))
    (i32.store (i32.const 200720) (i32.const 1))
    (i64.store (i32.const 200728) (i64.const 1))
    (if (call $poll (i32.const 200704) (i32.const 245748) (i32.const 1) (i32.const 253948))
      (then (return (i32.const 111))))
    (i32.const 0))

  ;; Writes across two pages, then traps in one of six ways. What it drew decides.
  (func (export "trap_any") (result i32)
    (local $way i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (drop (call $random (i32.const 32764) (i32.const 8)))
    (local.set $way (i32.and (i32.load8_u (i32.const 32764)) (i32.const 31)))
    (i64.store (i32.const 614396) (i64.const -1))
    (if (i32.lt_u (local.get $way) (i32.const 1)) (then (return (call $deeper (i32.const 0)))))
    (if (i32.lt_u (local.get $way) (i32.const 8))  ;; the first half of it has been written, or not
      (then (i64.store (i32.const 786428) (i64.const -1))))
    (if (i32.lt_u (local.get $way) (i32.const 14))
      (then (memory.fill (i32.const 700000) (i32.const 1) (i32.const 90000))))
    (if (i32.lt_u (local.get $way) (i32.const 20))
      (then (return (i32.div_u (i32.const 1) (i32.load (i32.const 8188))))))
    (if (i32.lt_u (local.get $way) (i32.const 26))
      (then (return (call_indirect (type $number) (i32.const 1)))))
    (unreachable))

  (func $deeper (param $n i32) (result i32)
    (i32.add (call $deeper (i32.add (local.get $n) (i32.const 1))) (local.get $n)))

  ;; Asks for more memory than there can be, and goes on without.
  (func (export "grow_refused") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 262208) (i64.const -1))
    (if (i32.ne (memory.grow (i32.const 65530)) (i32.const -1)) (then (return (i32.const 8))))
    (i32.const 0)))

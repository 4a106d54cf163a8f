;; Says what it finds of its own state, then carries out its input: steps of four bytes, which leave
;; behind whatever a function can leave behind in an instance, and in what the host keeps for it.
;;
;; A step is an operation, a number of 16 bits (a), and one of 8 (b). Addresses are multiples of 4.
;; What is carried out may be overwritten by it.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 5)
  (global $small (mut i32) (i32.const 7))
  (global $large (mut i64) (i64.const -7))
  (global $float (mut f64) (f64.const -0))
  (data (i32.const 60000) "a function's own data, across its first two pages")

  ;; FNV-1a over the memory's words.
  (func $digest (result i64)
    (local $hash i64) (local $at i32)
    (local.set $hash (i64.const 0xcbf29ce484222325))
    (loop $next
      (local.set $hash (i64.mul (i64.const 0x100000001b3)
        (i64.xor (local.get $hash) (i64.load (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
    (local.get $hash))

  (func $say (param $stream i32) (param $at i32) (param $size i32)
    (i32.store (i32.const 64) (local.get $at))
    (i32.store (i32.const 68) (local.get $size))
    (drop (call $write (local.get $stream) (i32.const 64) (i32.const 1) (i32.const 72))))

  (func $deeper (param $n i32) (result i32)
    (i32.add (call $deeper (i32.add (local.get $n) (i32.const 1))) (local.get $n)))

  (func (export "_start")
    (local $at i32) (local $end i32) (local $a i32) (local $b i32) (local $address i32)
    (i64.store (i32.const 8) (call $digest))
    (i32.store (i32.const 16) (global.get $small))
    (i64.store (i32.const 24) (global.get $large))
    (f64.store (i32.const 32) (global.get $float))
    (i32.store (i32.const 40) (memory.size))
    (call $say (i32.const 1) (i32.const 8) (i32.const 40))
    (i32.store (i32.const 64) (i32.const 4096))
    (i32.store (i32.const 68) (i32.const 1024))
    (drop (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)))
    (local.set $at (i32.const 4096))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 72))))
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return)))
      (local.set $a (i32.load16_u offset=1 (local.get $at)))
      (local.set $b (i32.load8_u offset=3 (local.get $at)))
      (local.set $address (i32.shl (local.get $a) (i32.const 2)))
      (block $done
        (block $end_it
         (block $environ_it
          (block $flag_it
           (block $renumber_it
            (block $close_it
             (block $tell_time
              (block $draw
               (block $log
                (block $reply
                 (block $grow
                  (block $set_float
                   (block $set_large
                    (block $set_small
                     (block $copy
                      (block $fill
                       (block $store
                        (br_table $store $fill $copy $set_small $set_large $set_float $grow $reply
                                  $log $draw $tell_time $close_it $renumber_it $flag_it $environ_it
                                  $end_it
                          (i32.and (i32.load8_u (local.get $at)) (i32.const 15))))
                       (i64.store offset=7 (local.get $address)
                         (i64.mul (i64.extend_i32_u (local.get $b))
                           (i64.const 0x0101010101010101)))
                       (br $done))
                      (memory.fill (local.get $address) (local.get $b) (local.get $a))
                      (br $done))
                     (memory.copy (local.get $address)
                       (i32.shl (local.get $b) (i32.const 10)) (local.get $a))
                     (br $done))
                    (global.set $small (i32.add (i32.mul (global.get $small) (i32.const 31))
                      (local.get $a)))
                    (br $done))
                   (global.set $large (i64.xor (global.get $large) (i64.shl
                     (i64.extend_i32_u (local.get $a)) (i64.extend_i32_u (local.get $b)))))
                   (br $done))
                  (global.set $float (f64.reinterpret_i64 (i64.xor (global.get $large)
                    (i64.shl (i64.extend_i32_u (local.get $a)) (i64.const 48)))))
                  (br $done))
                 (drop (memory.grow (i32.and (local.get $b) (i32.const 1))))
                 (br $done))
                (call $say (i32.const 1) (local.get $address) (local.get $b))
                (br $done))
               (call $say (i32.const 2) (local.get $address) (local.get $b))
               (br $done))
              (drop (call $random (local.get $address) (local.get $b)))
              (br $done))
             (drop (call $clock (i32.const 0) (i64.const 1) (local.get $address)))
             (br $done))
            (drop (call $close (i32.and (local.get $b) (i32.const 7))))
            (br $done))
           (drop (call $renumber (i32.and (local.get $a) (i32.const 7))
             (i32.and (local.get $b) (i32.const 7))))
           (br $done))
          (drop (call $flags (i32.and (local.get $b) (i32.const 7))
            (i32.and (local.get $a) (i32.const 31))))
          (br $done))
         (drop (call $environ (local.get $address)
           (i32.add (local.get $address) (i32.const 4096))))
         (br $done))
        ;; It ends: by returning, exiting, trapping, or with its stack used up.
        (if (i32.eqz (local.tee $b (i32.and (local.get $b) (i32.const 3)))) (then (return)))
        (if (i32.eq (local.get $b) (i32.const 1))
          (then (call $exit (i32.and (local.get $a) (i32.const 127)))))
        (if (i32.eq (local.get $b) (i32.const 2)) (then (unreachable)))
        (drop (call $deeper (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next))))

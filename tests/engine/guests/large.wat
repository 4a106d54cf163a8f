;; A function whose memory is large enough for its first state to be held in an instance
;; (reset/first_state.h); it computes for a moment, so that events of several threads meet.
(module
  (memory (export "memory") 128)
  (data (i32.const 1024) "first")
  (func (export "handle") (result i32)
    (local $i i32)
    (loop $again
      (i32.store (i32.add (i32.const 65536) (i32.mul (i32.rem_u (local.get $i) (i32.const 64)) (i32.const 4096)))
                 (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 200000))))
    (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 102))))

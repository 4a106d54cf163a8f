;; Takes seconds to start, and replies nothing.
(module
  (memory (export "memory") 1)
  (func (export "_initialize") (local $n i64)
    (loop $on
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (br_if $on (i64.lt_u (local.get $n) (i64.const 6000000000)))))
  (func (export "handle") (result i32) (i32.const 0)))

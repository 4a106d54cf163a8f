;; Writes to more pages than a guard lists (2,048): the event costs its instance.
(module
  (memory (export "memory") 160)
  (func (export "every_page") (result i32)
    (local $at i32)
    (loop $look
      (if (i32.load (local.get $at)) (then (return (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $look (i32.lt_u (local.get $at) (i32.const 10485760))))
    (local.set $at (i32.const 0))
    (loop $next
      (i32.store (local.get $at) (i32.const -1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 10485760))))
    (i32.const 0)))

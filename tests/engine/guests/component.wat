;; What a component that handles HTTP requests is lowered to, by hand: functions of WASI 0.2 with
;; their flattened types, and wrappers that hand over memory for their results.
(module
  (import "ferry:abi" "incoming_request" (func $request (result i32)))
  (import "ferry:abi" "response_outparam" (func $outparam (result i32)))
  (import "ferry:abi" "alloc_next" (func $alloc_next (result i64)))
  (import "ferry:abi" "alloc_give" (func $alloc_give (param i32)))
  (import "wasi:http/types@0.2.3" "[method]incoming-request.consume"
    (func $consume (param i32 i32)))
  (import "wasi:http/types@0.2.3" "[method]incoming-body.stream" (func $in_stream (param i32 i32)))
  (import "wasi:http/types@0.2.3" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.3" "[method]fields.append"
    (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.3" "[constructor]outgoing-response"
    (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.3" "[method]outgoing-response.set-status-code"
    (func $set_status (param i32 i32) (result i32)))
  (import "wasi:http/types@0.2.3" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.3" "[method]outgoing-body.write" (func $out_stream (param i32 i32)))
  (import "wasi:http/types@0.2.3" "[static]outgoing-body.finish"
    (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.3" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.3" "[method]input-stream.blocking-read"
    (func $read_import (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.3" "[resource-drop]output-stream" (func $drop_out (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-instant"
    (func $subscribe (param i64) (result i32)))
  (import "wasi:io/poll@0.2.3" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:random/random@0.2.3" "get-random-u64" (func $random (result i64)))

  (memory (export "memory") 1)
  (table 2 funcref)
  (elem (i32.const 0) $request $response)  ;; imports called through a table
  (type $to_handle (func (result i32)))
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 0) "x-kindgreeting")
  (data (i32.const 16) "got: ")
  (data (i32.const 32) "no cheese")

  (func $realloc (param $align i32) (param $size i32) (result i32)
    (global.set $heap
      (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $size))))

  (func $allocate (local $next i64)
    (block $done
      (loop $again
        (br_if $done (i64.eqz (local.tee $next (call $alloc_next))))
        (call $alloc_give
          (call $realloc (i32.wrap_i64 (i64.shr_u (local.get $next) (i64.const 32)))
                         (i32.wrap_i64 (local.get $next))))
        (br $again))))

  (func $read (param i32 i64 i32)
    (call $read_import (local.get 0) (local.get 1) (local.get 2))
    (call $allocate))

  ;; Answers 201 with the field x-kind: greeting, and "got: " before the request's body.
  (func (export "answer")
    (local $in i32) (local $fields i32) (local $response i32) (local $body i32) (local $out i32)
    (call $consume (call_indirect (type $to_handle) (i32.const 0)) (i32.const 1024))
    (call $in_stream (i32.load (i32.const 1028)) (i32.const 1024))
    (local.set $in (i32.load (i32.const 1028)))
    (call $read (local.get $in) (i64.const 0x100000000) (i32.const 1040))
    (local.set $fields (call $fields))
    (call $append (local.get $fields) (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 8)
      (i32.const 1024))
    (local.set $response (call $response (local.get $fields)))
    (drop (call $set_status (local.get $response) (i32.const 201)))
    (call $body (local.get $response) (i32.const 1024))
    (local.set $body (i32.load (i32.const 1028)))
    (call $set (call $outparam) (i32.const 0) (local.get $response) (i32.const 0) (i64.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $out_stream (local.get $body) (i32.const 1024))
    (local.set $out (i32.load (i32.const 1028)))
    (call $write (local.get $out) (i32.const 16) (i32.const 5) (i32.const 1024))
    (call $write (local.get $out) (i32.load (i32.const 1044)) (i32.load (i32.const 1048))
      (i32.const 1024))
    (call $drop_out (local.get $out))
    (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 1024)))

  ;; Answers with internal-error(some("no cheese")).
  (func (export "refuse")
    (call $set (call $outparam) (i32.const 1) (i32.const 38) (i32.const 1) (i64.const 32)
      (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0)))

  ;; 0 where a result of 64 bits arrives whole: eight times the same byte is drawn.
  (func (export "wide") (result i32)
    (i64.ne (call $random) (i64.const 0x0807060504030201)))

  (func (export "wait") (call $block (call $subscribe (i64.const 0x7fffffffffffffff))))
  (func (export "misuse") (call $drop_out (i32.const 77))))

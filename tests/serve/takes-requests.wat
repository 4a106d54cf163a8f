;; A component that handles HTTP requests, in its lowered form: answers 201 with the request's body.
(module
  (import "ferry:abi" "incoming_request" (func $request (result i32)))
  (import "ferry:abi" "response_outparam" (func $outparam (result i32)))
  (import "ferry:abi" "alloc_next" (func $alloc_next (result i64)))
  (import "ferry:abi" "alloc_give" (func $alloc_give (param i32)))
  (import "wasi:http/types@0.2.3" "[method]incoming-request.consume"
    (func $consume (param i32 i32)))
  (import "wasi:http/types@0.2.3" "[method]incoming-body.stream" (func $in_stream (param i32 i32)))
  (import "wasi:http/types@0.2.3" "[constructor]fields" (func $fields (result i32)))
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
    (func $read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.3" "[resource-drop]output-stream" (func $drop_out (param i32)))
  (memory (export "memory") 2)

  ;; What is read lies at 4096, its address and size at 1040; results of other calls at 1024.
  (func (export "ferry:http") (local $in i32) (local $response i32) (local $body i32) (local $out i32)
    (call $consume (call $request) (i32.const 1024))
    (call $in_stream (i32.load (i32.const 1028)) (i32.const 1024))
    (local.set $in (i32.load (i32.const 1028)))
    (call $read (local.get $in) (i64.const 4096) (i32.const 1040))
    (if (i64.ne (call $alloc_next) (i64.const 0)) (then (call $alloc_give (i32.const 4096))))
    (if (i32.load8_u (i32.const 1040)) (then (i32.store (i32.const 1048) (i32.const 0))))  ;; closed
    (local.set $response (call $response (call $fields)))
    (drop (call $set_status (local.get $response) (i32.const 201)))
    (call $body (local.get $response) (i32.const 1024))
    (local.set $body (i32.load (i32.const 1028)))
    (call $set (call $outparam) (i32.const 0) (local.get $response) (i32.const 0) (i64.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $out_stream (local.get $body) (i32.const 1024))
    (local.set $out (i32.load (i32.const 1028)))
    (call $write (local.get $out) (i32.const 4096) (i32.load (i32.const 1048)) (i32.const 1024))
    (call $drop_out (local.get $out))
    (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 1024))))

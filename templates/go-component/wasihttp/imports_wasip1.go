package wasihttp

import "unsafe"

// The functions of WASI that are used here, as the component model lowers them to numbers and
// pointers (Canonical ABI, "Flattening"); what a function returns in memory has the types below.

type text struct {
	at   unsafe.Pointer
	size uint32
}

func (t text) copy() string { return string(unsafe.Slice((*byte)(t.at), t.size)) }

type optionString struct {
	tag  uint32
	text text
}

type variantString = optionString

type resultHandle struct{ failed, handle uint32 }

// A result of a list of bytes, or of a stream-error.
type resultRead struct{ failed, at, size uint32 }

func (r resultRead) pointer() unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&r.at)) }
func (r resultRead) closed() bool            { return r.at&0xff == 1 }

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-request.method
func incomingRequestMethod(request uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-request.path-with-query
func incomingRequestPath(request uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-request.headers
func incomingRequestHeaders(request uint32) (fields uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-request.consume
func incomingRequestConsume(request uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]incoming-request
func incomingRequestDrop(request uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-body.stream
func incomingBodyStream(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]incoming-body
func incomingBodyDrop(body uint32)

//go:wasmimport wasi:io/streams@0.2.0 [method]input-stream.blocking-read
func inputStreamBlockingRead(stream uint32, size uint64, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.0 [resource-drop]input-stream
func inputStreamDrop(stream uint32)

//go:wasmimport wasi:io/streams@0.2.0 [method]output-stream.blocking-write-and-flush
func outputStreamBlockingWriteAndFlush(stream uint32, at unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.0 [resource-drop]output-stream
func outputStreamDrop(stream uint32)

//go:wasmimport wasi:io/error@0.2.0 [resource-drop]error
func errorDrop(handle uint32)

//go:wasmimport wasi:http/types@0.2.0 [constructor]fields
func fieldsNew() (fields uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]fields.entries
func fieldsEntries(fields uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [method]fields.append
func fieldsAppend(fields uint32, name unsafe.Pointer, nameSize uint32, value unsafe.Pointer, valueSize uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]fields
func fieldsDrop(fields uint32)

//go:wasmimport wasi:http/types@0.2.0 [constructor]outgoing-response
func outgoingResponseNew(fields uint32) (response uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-response.set-status-code
func outgoingResponseSetStatusCode(response, status uint32) (failed uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-response.body
func outgoingResponseBody(response uint32, result unsafe.Pointer)

// A result of a response (failed is 0), or of an error-code.
//
//go:wasmimport wasi:http/types@0.2.0 [static]response-outparam.set
func responseOutparamSet(outparam, failed, response, e2 uint32, e3 uint64, e4, e5, e6, e7 uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-body.write
func outgoingBodyWrite(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [static]outgoing-body.finish
func outgoingBodyFinish(body, hasTrailers, trailers uint32, result unsafe.Pointer)

package wasihttp

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"unsafe"
)

const (
	largestRead  = 64 << 10
	largestWrite = 4096 // what blocking-write-and-flush takes at once
)

// In the order of the variant's cases.
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

var served bool // a request before this one, which hosts allow that use an instance again

//go:wasmexport wasi:http/incoming-handler@0.2.0#handle
func incomingHandler(request, outparam uint32) {
	if served {
		collect(false)
	}
	served = true
	got, err := read(request)
	collect(true)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the request cannot be read:", err)
		send(outparam, Response{Status: 400})
		return
	}
	send(outparam, Handler(got))
}

func read(request uint32) (Request, error) {
	defer incomingRequestDrop(request)
	reuse()
	var method variantString
	incomingRequestMethod(request, unsafe.Pointer(&method))
	var path optionString
	incomingRequestPath(request, unsafe.Pointer(&path))
	out := Request{Path: "/"}
	if int(method.tag) < len(methods) {
		out.Method = methods[method.tag]
	} else {
		out.Method = method.text.copy()
	}
	if path.tag != 0 {
		out.Path = path.text.copy()
	}
	out.Headers = headersOf(request)
	var err error
	out.Body, err = readBody(request)
	return out, err
}

func headersOf(request uint32) Headers {
	fields := incomingRequestHeaders(request)
	defer fieldsDrop(fields)
	reuse()
	var list text
	fieldsEntries(fields, unsafe.Pointer(&list))
	out := Headers{}
	for _, each := range unsafe.Slice((*[2]text)(list.at), list.size) {
		name := each[0].copy()
		out[name] = append(out[name], each[1].copy())
	}
	return out
}

func readBody(request uint32) ([]byte, error) {
	var body resultHandle
	incomingRequestConsume(request, unsafe.Pointer(&body))
	if body.failed != 0 {
		return nil, errors.New("its body is taken")
	}
	defer incomingBodyDrop(body.handle)
	var stream resultHandle
	incomingBodyStream(body.handle, unsafe.Pointer(&stream))
	if stream.failed != 0 {
		return nil, errors.New("its stream is taken")
	}
	defer inputStreamDrop(stream.handle)
	var out []byte
	for {
		reuse()
		var piece resultRead
		inputStreamBlockingRead(stream.handle, largestRead, unsafe.Pointer(&piece))
		if piece.failed == 0 {
			out = append(out, unsafe.Slice((*byte)(piece.pointer()), piece.size)...)
		} else if piece.closed() {
			return out, nil
		} else {
			errorDrop(piece.size)
			return nil, errors.New("its body breaks off")
		}
	}
}

func send(outparam uint32, answer Response) {
	fields := fieldsNew()
	for name, values := range answer.Headers {
		for _, value := range values {
			appendTo(fields, name, value)
		}
	}
	response := outgoingResponseNew(fields)
	if outgoingResponseSetStatusCode(response, uint32(answer.Status)) != 0 {
		panic("wasihttp: " + strconv.Itoa(answer.Status) + " is not a status")
	}
	var body, stream resultHandle
	outgoingResponseBody(response, unsafe.Pointer(&body))
	responseOutparamSet(outparam, 0, response, 0, 0, 0, 0, 0, 0)
	outgoingBodyWrite(body.handle, unsafe.Pointer(&stream))
	for data := answer.Body; len(data) > 0; {
		piece := data[:min(len(data), largestWrite)]
		var written resultRead
		outputStreamBlockingWriteAndFlush(stream.handle, unsafe.Pointer(&piece[0]), uint32(len(piece)),
			unsafe.Pointer(&written))
		if written.failed != 0 {
			break // whoever asked is gone
		}
		data = data[len(piece):]
	}
	outputStreamDrop(stream.handle)
	var finished [40]byte
	outgoingBodyFinish(body.handle, 0, 0, unsafe.Pointer(&finished))
}

func appendTo(fields uint32, name, value string) {
	var failed [2]byte
	fieldsAppend(fields, unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)), unsafe.Pointer(&failed))
	if failed[0] != 0 {
		panic("wasihttp: the header " + strconv.Quote(name) + " cannot be set")
	}
}

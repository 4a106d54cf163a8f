// Outbound connections for GOOS=wasip1, over the sockets extension of WASI preview 1. `ferry build`
// adds this file to package net by a build overlay; nothing in a program has to change.

//go:build wasip1

package net

import (
	"context"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// wasiBuffer is how the extension takes an address: 128 bytes that begin with the family.
type wasiBuffer struct {
	at   uint32
	size uint32
}

type wasiAddress struct {
	family uint16
	bytes  [126]byte
}

const (
	wasiV4       = 1
	wasiV6       = 2
	wasiDatagram = 1
	wasiStream   = 2
	wasiSocket   = 0 // SOL_SOCKET
	wasiSoError  = 2
)

//go:wasmimport wasi_snapshot_preview1 sock_open
//go:noescape
func wasiSockOpen(family, kind int32, fd *int32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_connect
//go:noescape
func wasiSockConnect(fd int32, address unsafe.Pointer, port uint32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_getsockopt
//go:noescape
func wasiSockGetsockopt(fd int32, level, name uint32, value *int32, size uint32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_getlocaladdr
//go:noescape
func wasiSockGetlocaladdr(fd int32, address unsafe.Pointer, port *uint32) uint32

func init() { dialOutside = wasiDial }

func wasiDial(ctx context.Context, network string, family, sotype int, laddr, raddr sockaddr) (*netFD, error) {
	var ip IP
	var port int
	kind := int32(wasiStream)
	switch a := raddr.(type) {
	case *TCPAddr:
		ip, port = a.IP, a.Port
	case *UDPAddr:
		ip, port, kind = a.IP, a.Port, wasiDatagram
	default:
		return nil, os.NewSyscallError("socket", syscall.ENOTSUP)
	}
	if len(ip) == 0 { // the zero address means this machine, as elsewhere in this package
		ip = IPv4(127, 0, 0, 1)
	}
	address := wasiAddress{family: wasiV4}
	if v4 := ip.To4(); v4 != nil {
		ip = v4
	} else {
		address.family = wasiV6
	}
	copy(address.bytes[:], ip)

	var sysfd int32
	if e := wasiSockOpen(int32(address.family), kind, &sysfd); e != 0 {
		return nil, os.NewSyscallError("socket", syscall.Errno(e))
	}
	if err := syscall.SetNonblock(int(sysfd), true); err != nil {
		syscall.Close(int(sysfd))
		return nil, os.NewSyscallError("setnonblock", err)
	}
	fd := newFD(network, int(sysfd))
	fd.family, fd.sotype = family, sotype
	fd.pfd.IsStream, fd.pfd.ZeroReadIsEOF = kind == wasiStream, kind == wasiStream
	if err := fd.init(); err != nil {
		fd.Close()
		return nil, err
	}
	if err := wasiConnect(ctx, fd, &address, port); err != nil {
		fd.Close()
		return nil, err
	}
	fd.isConnected = true
	fd.setAddr(wasiLocal(sysfd, kind, laddr), raddr.(Addr))
	return fd, nil
}

func wasiConnect(ctx context.Context, fd *netFD, address *wasiAddress, port int) error {
	buffer := &wasiBuffer{uint32(uintptr(unsafe.Pointer(address))), uint32(unsafe.Sizeof(*address))}
	e := syscall.Errno(wasiSockConnect(int32(fd.pfd.Sysfd), unsafe.Pointer(buffer), uint32(port)))
	if e == 0 {
		return nil
	}
	if e != syscall.EINPROGRESS {
		return os.NewSyscallError("connect", e)
	}
	if deadline, ok := ctx.Deadline(); ok {
		fd.pfd.SetWriteDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { fd.pfd.SetWriteDeadline(time.Unix(1, 0)) })
	err := fd.pfd.WaitWrite()
	if !stop() { // cancelled: the deadline that it sets must not outlive the dial
		fd.pfd.SetWriteDeadline(time.Unix(1, 0))
		return mapErr(ctx.Err())
	}
	if err != nil {
		if ctx.Err() != nil {
			return mapErr(ctx.Err())
		}
		return err
	}
	fd.pfd.SetWriteDeadline(time.Time{})
	var value int32
	if e := wasiSockGetsockopt(int32(fd.pfd.Sysfd), wasiSocket, wasiSoError, &value, 4); e != 0 {
		return os.NewSyscallError("getsockopt", syscall.Errno(e))
	}
	if value != 0 {
		return os.NewSyscallError("connect", syscall.Errno(value))
	}
	return nil
}

func wasiLocal(fd, kind int32, asked sockaddr) Addr {
	var address wasiAddress
	var port uint32
	buffer := &wasiBuffer{uint32(uintptr(unsafe.Pointer(&address))), uint32(unsafe.Sizeof(address))}
	if e := wasiSockGetlocaladdr(fd, unsafe.Pointer(buffer), &port); e != 0 {
		if asked != nil {
			return asked.(Addr)
		}
		return nil
	}
	ip := make(IP, IPv4len)
	if address.family == wasiV6 {
		ip = make(IP, IPv6len)
	}
	copy(ip, address.bytes[:])
	if kind == wasiDatagram {
		return &UDPAddr{IP: ip, Port: int(port)}
	}
	return &TCPAddr{IP: ip, Port: int(port)}
}

#include <cerrno>

#include "wasi/abi.h"

namespace ferry::wasi {

Errno errno_from_host(int error_number) {
  switch (error_number) {
    case 0:
      return Errno::kSuccess;
    case E2BIG:
      return Errno::kTooBig;
    case EACCES:
      return Errno::kAcces;
    case EADDRINUSE:
      return Errno::kAddrinuse;
    case EADDRNOTAVAIL:
      return Errno::kAddrnotavail;
    case EAFNOSUPPORT:
      return Errno::kAfnosupport;
    case EAGAIN:
      return Errno::kAgain;
    case EALREADY:
      return Errno::kAlready;
    case EBADF:
      return Errno::kBadf;
    case EBUSY:
      return Errno::kBusy;
    case ECONNABORTED:
      return Errno::kConnaborted;
    case ECONNREFUSED:
      return Errno::kConnrefused;
    case ECONNRESET:
      return Errno::kConnreset;
    case EDESTADDRREQ:
      return Errno::kDestaddrreq;
    case EDQUOT:
      return Errno::kDquot;
    case EEXIST:
      return Errno::kExist;
    case EFBIG:
      return Errno::kFbig;
    case EHOSTUNREACH:
      return Errno::kHostunreach;
    case EINPROGRESS:
      return Errno::kInprogress;
    case EINTR:
      return Errno::kIntr;
    case EINVAL:
      return Errno::kInval;
    case EISCONN:
      return Errno::kIsconn;
    case EISDIR:
      return Errno::kIsdir;
    case ELOOP:
      return Errno::kLoop;
    case EMFILE:
      return Errno::kMfile;
    case EMLINK:
      return Errno::kMlink;
    case EMSGSIZE:
      return Errno::kMsgsize;
    case ENAMETOOLONG:
      return Errno::kNametoolong;
    case ENETDOWN:
      return Errno::kNetdown;
    case ENETRESET:
      return Errno::kNetreset;
    case ENETUNREACH:
      return Errno::kNetunreach;
    case ENFILE:
      return Errno::kNfile;
    case ENOBUFS:
      return Errno::kNobufs;
    case ENODEV:
      return Errno::kNodev;
    case ENOENT:
      return Errno::kNoent;
    case ENOMEM:
      return Errno::kNomem;
    case ENOPROTOOPT:
      return Errno::kNoprotoopt;
    case ENOSPC:
      return Errno::kNospc;
    case ENOSYS:
      return Errno::kNosys;
    case ENOTCONN:
      return Errno::kNotconn;
    case ENOTDIR:
      return Errno::kNotdir;
    case ENOTEMPTY:
      return Errno::kNotempty;
    case ENOTSUP:
      return Errno::kNotsup;
    case ENXIO:
      return Errno::kNxio;
    case EOVERFLOW:
      return Errno::kOverflow;
    case EPERM:
      return Errno::kPerm;
    case EPIPE:
      return Errno::kPipe;
    case EPROTONOSUPPORT:
      return Errno::kProtonosupport;
    case EPROTOTYPE:
      return Errno::kPrototype;
    case ERANGE:
      return Errno::kRange;
    case EROFS:
      return Errno::kRofs;
    case ESPIPE:
      return Errno::kSpipe;
    case ESTALE:
      return Errno::kStale;
    case ETIMEDOUT:
      return Errno::kTimedout;
    case ETXTBSY:
      return Errno::kTxtbsy;
    case EXDEV:
      return Errno::kXdev;
    // EFAULT too: we give the kernel our own buffers only, so it would be our fault, not the
    // guest's pointer.
    default:
      return Errno::kIo;
  }
}

}  // namespace ferry::wasi

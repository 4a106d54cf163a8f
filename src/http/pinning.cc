#include "http/pinning.h"

#include <cerrno>

#include <fmt/format.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/socket.h>

namespace ferry::http {

std::vector<int> own_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) cores.push_back(core);
    }
  }
  return cores;
}

Status steer_by_core(const Listeners& listeners, std::span<const int> cores) {
  const std::size_t sockets = listeners.sockets.size();
  if (sockets == 0 || sockets > cores.size()) {
    return Error{Code::kUsage,
                 fmt::format("{} workers cannot each have one of {} cores", sockets, cores.size()),
                 "ask for fewer --workers, or leave --pin off"};
  }
  return steer_around(listeners, cores, std::vector<bool>(sockets, true));
}

Status steer_around(const Listeners& listeners, std::span<const int> cores,
                    const std::vector<bool>& taking) {
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < taking.size(); ++i) {
    if (taking[i]) open.push_back(i);
  }
  if (open.empty()) return Done{};
  const int any_socket = listeners.sockets[0].get();
  if (cores.empty() && open.size() == taking.size()) {
    const int none = 0;
    if (setsockopt(any_socket, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none) == 0) {
      return Done{};
    }  // Linux 5.3; before it: by chance
  }
  // Classic BPF (socket(7), SO_ATTACH_REUSEPORT_CBPF): what it returns is the socket's place in the
  // order in which they were bound.
  constexpr auto kCore = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_CPU);
  constexpr auto kRandom = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM);
  std::vector<sock_filter> code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kCore)};
  for (const std::uint32_t i : open) {
    if (i >= cores.size()) break;
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(cores[i]), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, i));
  }
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kRandom));
  code.push_back(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(open.size())));
  for (std::uint32_t nth = 0; nth < open.size(); ++nth) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nth, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, open[nth]));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, open[0]));
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (setsockopt(any_socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) != 0) {
    return errno_error("steer connections to the workers", errno);
  }
  return Done{};
}

Status keep_to_core(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    return errno_error(fmt::format("keep to core {}", core), errno);
  }
  return Done{};
}

}  // namespace ferry::http

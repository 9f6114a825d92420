// Fork-join over an index range, safe inside a PostgreSQL backend.
//
// Rules, each with its reason:
// - Workers are created with every signal blocked: a signal handler of the server must never run
//   on a thread that is not the backend's own.
// - Workers touch only plain memory. The calling thread works on nothing, it waits and polls the
//   host, because only it may throw a cancel.
// - Work is split by index; each index owns its output slot and its random stream (Rng(seed, i)).
//   Which thread runs an index can therefore never change a result.
// - Threads are joined before an exception leaves, whoever threw it.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/host.hpp"

namespace ecom::core {

// Runs task(i) for every i in [0, count). Uses at most host.max_threads() threads; with one thread
// the caller runs the tasks itself, polling between them. A task should take between 10
// microseconds and 10 milliseconds: it is the unit of cancellation.
//
// The first exception thrown by a task or by host.poll() stops the remaining tasks and is
// rethrown after all threads have ended.
void parallel_for(Host& host, std::size_t count, const std::function<void(std::size_t)>& task);

// The same for tasks that may take longer: each is given a host to poll, which on another thread
// throws once the work is being stopped, so that a cancel does not wait for the task's end.
void parallel_for(Host& host, std::size_t count,
                  const std::function<void(std::size_t, Host&)>& task);

}  // namespace ecom::core

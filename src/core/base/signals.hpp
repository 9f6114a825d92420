// Signals belong to the thread that the program itself made.
#pragma once

#include <csignal>

#include <pthread.h>

namespace ecom::core {

// Blocks every signal on this thread for its lifetime; threads made meanwhile inherit the mask.
class BlockSignals {
public:
    BlockSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &saved_);
    }
    ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
    BlockSignals(const BlockSignals&) = delete;
    BlockSignals& operator=(const BlockSignals&) = delete;

private:
    sigset_t saved_;
};

}  // namespace ecom::core

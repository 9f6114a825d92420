// The server as the core sees it.
#pragma once

#include "core/base/host.hpp"
#include "pg/boundary.hpp"

namespace ecom::pg {

class BackendHost final : public core::Host {
public:
    // Raises the server's own error ("canceling statement due to ...") through call().
    void poll() override;
    std::size_t memory_limit() const override;
    int max_threads() const override;
    // Shown by the view ecom.progress while a step is reported; otherwise ignored.
    void progress(std::int64_t done, std::int64_t total) override;
};

}  // namespace ecom::pg

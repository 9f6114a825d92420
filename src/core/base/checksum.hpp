// CRC-64/XZ of a byte string: finds every burst of up to 64 damaged bits.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/crc.hpp>

namespace ecom::core {

inline std::uint64_t checksum64(std::string_view bytes) {
    boost::crc_optimal<64, 0x42F0E1EBA9EA3693ULL, ~0ULL, ~0ULL, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

}  // namespace ecom::core

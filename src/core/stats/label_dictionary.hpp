// Labels of any type as small numbers, in the order in which they were first seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

class LabelDictionary {
public:
    // The number of a label. Equal bytes are equal labels. Throws kLimitExceeded when the labels do not fit.
    std::uint32_t id(std::string_view label, const Host& host);

    std::size_t size() const { return labels_.size(); }
    const std::string& label(std::uint32_t id) const { return labels_[id]; }

    // Numbers of the labels of `other`, by its numbers, adding those that are new.
    std::vector<std::uint32_t> adopt(const LabelDictionary& other, const Host& host);

    // The place of each number when labels are sorted by their bytes: the same in any order of the rows.
    std::vector<std::uint32_t> canonical_order() const;

    void encode(Writer& out) const;
    static LabelDictionary decode(Reader& in);

private:
    void insert(std::string_view label);

    std::vector<std::string> labels_;
    std::unordered_map<std::string, std::uint32_t> ids_;
    std::size_t bytes_ = 0;
};

}  // namespace ecom::core

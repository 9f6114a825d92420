#include "core/stats/label_dictionary.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Of a label beside its text, which is kept twice: two strings, a node and its bucket.
constexpr std::size_t kBytesPerLabel = 128;

}  // namespace

std::uint32_t LabelDictionary::id(std::string_view label, const Host& host) {
    // Few labels repeat many times, so the search comes before any accounting.
    const auto found = ids_.find(std::string(label));
    if (found != ids_.end()) return found->second;
    require_memory(host, add_size(bytes_, kBytesPerLabel + 2 * label.size()),
                   "keeping " + std::to_string(size() + 1) + " different labels");
    insert(label);
    return static_cast<std::uint32_t>(size() - 1);
}

void LabelDictionary::insert(std::string_view label) {
    ids_.emplace(std::string(label), static_cast<std::uint32_t>(labels_.size()));
    labels_.emplace_back(label);
    bytes_ += kBytesPerLabel + 2 * label.size();
}

std::vector<std::uint32_t> LabelDictionary::adopt(const LabelDictionary& other, const Host& host) {
    std::vector<std::uint32_t> ids;
    ids.reserve(other.size());
    for (const std::string& label : other.labels_) ids.push_back(id(label, host));
    return ids;
}

std::vector<std::uint32_t> LabelDictionary::canonical_order() const {
    std::vector<std::uint32_t> sorted(size());
    std::iota(sorted.begin(), sorted.end(), std::uint32_t{0});
    std::sort(sorted.begin(), sorted.end(),
              [&](std::uint32_t a, std::uint32_t b) { return labels_[a] < labels_[b]; });
    std::vector<std::uint32_t> places(size());
    for (std::size_t place = 0; place < sorted.size(); ++place)
        places[sorted[place]] = static_cast<std::uint32_t>(place);
    return places;
}

void LabelDictionary::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(size()));
    for (const std::string& label : labels_) {
        out.poll();
        out.string(label);
    }
}

LabelDictionary LabelDictionary::decode(Reader& in) {
    LabelDictionary result;
    const std::size_t count = in.count(sizeof(std::uint32_t));
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        result.insert(in.string());
        if (result.ids_.size() != i + 1) Reader::corrupt();
    }
    return result;
}

}  // namespace ecom::core

#include "pg/recommend_scores.hpp"

#include <algorithm>

#include "core/base/budget.hpp"

namespace ecom::pg {
namespace {
constexpr float kRounding = 1e-9F;  // a sum this small is cancellation, not evidence
constexpr std::size_t kMostKept = 1U << 20;
}  // namespace

StoredScores::Buffers& StoredScores::kept() {
    static Buffers buffers;
    return buffers;
}

void StoredScores::keep() {
    buffers_.entries.clear();
    if (buffers_.entries.capacity() > kMostKept) buffers_.entries.shrink_to_fit();
    kept() = std::move(buffers_);
}

std::vector<Candidate>& StoredScores::candidates() {
    buffers_.candidates.clear();
    return buffers_.candidates;
}

StoredScores::Cell& StoredScores::cell(std::int32_t product) {
    const auto at = static_cast<std::size_t>(product);
    if (at >= buffers_.cells.size()) {
        core::require_memory(host_, core::mul_size(at + 1, 2 * sizeof(Cell)), "scores of " + std::to_string(at + 1) + " products");
        buffers_.cells.resize(std::max(at + 1, 2 * buffers_.cells.size()));
    }
    return buffers_.cells[at];
}

void StoredScores::read(const std::vector<std::int32_t>& sources) {
    std::vector<std::int32_t> missing;
    for (const std::int32_t source : sources)
        if (spans_.emplace(source, Span()).second) missing.push_back(source);
    mart_.weights(missing, [&](std::int32_t source, const StoredWeights& w) {
        std::vector<Entry>& entries = buffers_.entries;
        core::require_memory(host_, core::mul_size(entries.size() + w.size, 2 * sizeof(Entry)), std::to_string(entries.size() + w.size) + " weights");
        spans_[source] = {entries.size(), entries.size() + w.size};
        for (std::size_t i = 0; i < w.size; ++i) entries.push_back({w.targets[i], w.weights[i], w.customers[i]});
    });
}

void StoredScores::find(std::vector<std::int32_t> sources, const std::vector<std::int32_t>& except, std::vector<Candidate>& candidates) {
    std::sort(sources.begin(), sources.end());
    read(sources);
    for (const std::int32_t product : except) cell(product).skipped = true;
    std::vector<std::int32_t>& touched = buffers_.touched;
    touched.clear();
    for (const std::int32_t source : sources) {
        const Span span = spans_[source];
        for (std::size_t i = span.begin; i < span.end; ++i) {
            const Entry& entry = buffers_.entries[i];
            Cell& target = cell(entry.target);
            if (!target.touched) {
                touched.push_back(entry.target);
                target.touched = true;
            }
            target.score += entry.weight;
            if (entry.weight > target.largest) {
                target.largest = entry.weight;
                target.because = source;
                target.customers = entry.customers;
            }
        }
    }
    for (const std::int32_t product : touched) {
        Cell& target = cell(product);
        if (target.score > kRounding && !target.skipped) candidates.push_back({product, target.score, target.because, target.customers, 0});
        target = Cell();
    }
    for (const std::int32_t product : except) cell(product).skipped = false;
}

}  // namespace ecom::pg

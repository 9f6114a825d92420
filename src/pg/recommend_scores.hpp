// Scores of products from the stored weights of those that a customer owns.
#pragma once

#include <unordered_map>
#include <vector>

#include "pg/recommend_mart.hpp"

namespace ecom::pg {

struct Candidate {
    std::int32_t product;
    double score;
    std::int32_t because;  // 0: none
    std::int32_t customers;
    std::int32_t orders;   // next basket: of the customer that had it
};

// Buffers go from call to call of a backend, so that a call does not begin with making them; keep() hands them on. After an
// error they are made anew, because what it left in them is not known.
class StoredScores {
public:
    StoredScores(const RecommendMart& mart, core::Host& host) : mart_(mart), host_(host), buffers_(std::move(kept())) {}
    void keep();

    // Emptied, with the room of earlier calls.
    std::vector<Candidate>& candidates();
    // Adds a candidate for each product with a positive sum of weights, but for those in `except`. Sums run over the sources in
    // ascending order, whatever order their rows are read in. Rows are read once for all customers of a call.
    void find(std::vector<std::int32_t> sources, const std::vector<std::int32_t>& except, std::vector<Candidate>& candidates);

private:
    struct Cell {
        float score = 0.0F;
        float largest = 0.0F;
        std::int32_t because = 0;
        std::int32_t customers = 0;
        bool touched = false;
        bool skipped = false;
    };
    struct Entry {
        std::int32_t target;
        float weight;
        std::int32_t customers;
    };
    struct Buffers {
        std::vector<Cell> cells;  // by product key; all as new between calls
        std::vector<std::int32_t> touched;
        std::vector<Entry> entries;
        std::vector<Candidate> candidates;
    };
    struct Span {
        std::size_t begin = 0, end = 0;
    };

    static Buffers& kept();
    Cell& cell(std::int32_t product);
    void read(const std::vector<std::int32_t>& sources);

    const RecommendMart& mart_;
    core::Host& host_;
    Buffers buffers_;
    std::unordered_map<std::int32_t, Span> spans_;  // of sources, in entries
};

}  // namespace ecom::pg

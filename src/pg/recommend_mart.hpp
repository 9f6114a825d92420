// What recommend_products reads of a mart: kept plans, run by index, and their rows as plain C++ values.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/host.hpp"
#include "pg/spi.hpp"

namespace ecom::pg {

struct HistoryLine {
    std::int32_t product;
    std::int64_t at;
    bool is_return;
};

// What a product speaks for: places of the three go together. Lives until the plan that read it gives its rows back, or as a copy.
struct StoredWeights {
    const std::int32_t* targets;
    const float* weights;
    const std::int32_t* customers;
    std::size_t size;
};

// What a customer should be shown, as the last refresh saw it.
struct ListedProduct {
    std::int32_t product;
    float score;
    std::int32_t because;
    std::int32_t customers;
};

struct Product {
    std::int32_t key;
    std::string id, name, category;
    bool passes;  // the filters
};

struct SimilarPair {
    std::int32_t product, other;
    double similarity;
};

// What a product must be; the datums are arguments of the call, or absent.
struct ProductFilter {
    Datum categories = 0;  // text[]
    Datum min_price = 0;   // numeric
    Datum max_price = 0;
    bool has_categories = false, has_min_price = false, has_max_price = false;
    bool in_stock = true;
};

// One mart within one SPI session. Plans are made once a backend and mart, and renewed by the server when a table changes.
class RecommendMart {
public:
    // The name as mart functions resolve it, and kept from then on as long as the caller may use it: errors for a schema that is no mart or that the caller may not use.
    RecommendMart(const Session& session, Datum mart, bool is_null);

    std::vector<HistoryLine> history(std::int32_t customer) const;
    // take(source, weights) for each source that has weights, in no particular order.
    void weights(const std::vector<std::int32_t>& sources, const std::function<void(std::int32_t, const StoredWeights&)>& take) const;
    // Empty where the method makes no lists, or the customer had other lines then.
    std::vector<ListedProduct> list(std::int32_t customer, std::size_t lines) const;
    std::vector<Product> products(const std::vector<std::int32_t>& keys, const ProductFilter& filter) const;
    // By rank, without those in `except`.
    std::vector<Product> popular(const std::vector<std::int32_t>& except, const ProductFilter& filter, std::int64_t n) const;
    std::vector<SimilarPair> similar(const std::vector<std::int32_t>& keys) const;
    bool has_customer(std::int32_t customer) const;
    bool has_refreshed() const;

private:
    SPIPlanPtr plan(int which) const;
    const std::string& schema() const { return schema_; }

    std::string schema_;  // quoted
};

}  // namespace ecom::pg

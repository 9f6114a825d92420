// ecom.recommend_products: what a customer of a mart should be shown, from the tables of the last refresh and the orders of now.
#include <algorithm>
#include <string>
#include <unordered_map>

#include "pg/args.hpp"
#include "pg/recommend_scores.hpp"
#include "pg/results.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// Numbers of lines of a history beyond which only the latest products count, as in the fit.
constexpr std::size_t kLongestHistory = 200;
constexpr double kBasketDecay = 0.9;   // of a basket that lies one basket further back
constexpr double kNeighborShare = 0.1; // of the weights' score in a next basket

struct Request {
    std::int32_t n;
    ProductFilter filter;
    bool next_basket;
    double diversity;
};

struct Owned {
    std::int32_t product;
    std::int64_t last_at;
    std::int32_t net_lines;
};

struct Recommended {
    Candidate candidate;
    Product product;
    bool is_popular;
};

bool better(const Candidate& a, const Candidate& b) { return a.score != b.score ? a.score > b.score : a.product < b.product; }

// Products by their latest purchase; what was sent back as often as it was bought is not owned.
std::vector<Owned> owned_products(std::vector<HistoryLine>& lines) {
    std::sort(lines.begin(), lines.end(), [](const HistoryLine& a, const HistoryLine& b) { return a.product < b.product; });
    std::vector<Owned> owned;
    for (const HistoryLine& line : lines) {
        if (owned.empty() || owned.back().product != line.product) {
            if (!owned.empty() && owned.back().net_lines <= 0) owned.pop_back();
            owned.push_back({line.product, line.at, 0});
        }
        owned.back().net_lines += line.is_return ? -1 : 1;
        owned.back().last_at = std::max(owned.back().last_at, line.at);
    }
    if (!owned.empty() && owned.back().net_lines <= 0) owned.pop_back();
    std::sort(owned.begin(), owned.end(), [](const Owned& a, const Owned& b) { return a.last_at != b.last_at ? a.last_at > b.last_at : a.product < b.product; });
    return owned;
}

class Recommender {
public:
    Recommender(const RecommendMart& mart, const Request& request, core::Host& host) : mart_(mart), request_(request), host_(host), scores_(mart, host) {}
    void keep_buffers() { scores_.keep(); }

    const std::string& name(std::int32_t product) { return product_of(product).name; }
    void look_up(const std::vector<std::int32_t>& keys) {
        std::vector<std::int32_t> missing;
        for (const std::int32_t key : keys)
            if (products_.emplace(key, Product{key, {}, {}, {}, false}).second) missing.push_back(key);
        for (Product& p : mart_.products(missing, request_.filter)) {
            const std::int32_t key = p.key;
            products_[key] = std::move(p);
        }
    }

    std::vector<Recommended> recommend(std::int32_t customer) {
        std::vector<HistoryLine> lines = mart_.history(customer);
        const std::vector<Owned> owned = owned_products(lines);
        std::vector<std::int32_t> sources;
        for (const Owned& o : owned)
            if (sources.size() < kLongestHistory) sources.push_back(o.product);
        std::vector<std::int32_t> except;
        if (!request_.next_basket)
            for (const Owned& o : owned) except.push_back(o.product);
        const auto wanted = static_cast<std::size_t>(request_.n);
        std::vector<Recommended> chosen;
        const std::vector<ListedProduct> list = mart_.list(customer, lines.size());
        if (!list.empty())
            chosen = best(lines, [&](std::vector<Candidate>& candidates) {
                for (const ListedProduct& l : list)
                    if (std::find(except.begin(), except.end(), l.product) == except.end()) candidates.push_back({l.product, l.score, l.because, l.customers, 0});
            });
        // A list has an end, and filters may leave little of it. Scores of the two are not of one scale: one of them answers.
        if (chosen.size() < wanted) {
            std::vector<Recommended> by_weights = best(lines, [&](std::vector<Candidate>& candidates) { scores_.find(std::move(sources), except, candidates); });
            if (by_weights.size() > chosen.size()) chosen = std::move(by_weights);
        }
        if (chosen.size() < wanted) fill(owned, chosen);
        return chosen;
    }

private:
    const Product& product_of(std::int32_t key) { return products_[key]; }

    // The best of what find(candidates) adds, in a next basket together with what the customer buys anyway.
    template <typename Find>
    std::vector<Recommended> best(std::vector<HistoryLine>& lines, const Find& find) {
        std::vector<Candidate>& candidates = scores_.candidates();
        find(candidates);
        if (request_.next_basket) add_habits(lines, candidates);
        return filtered(candidates);
    }

    // The share of the customer's baskets that hold a product, later baskets counting more, and a share of the weights' score.
    static void add_habits(std::vector<HistoryLine>& lines, std::vector<Candidate>& candidates) {
        lines.erase(std::remove_if(lines.begin(), lines.end(), [](const HistoryLine& l) { return l.is_return; }), lines.end());
        std::sort(lines.begin(), lines.end(), [](const HistoryLine& a, const HistoryLine& b) { return a.at != b.at ? a.at > b.at : a.product < b.product; });
        double largest = 0.0;
        for (const Candidate& c : candidates) largest = std::max(largest, c.score);
        for (Candidate& c : candidates) c.score *= largest > 0.0 ? kNeighborShare / largest : 0.0;
        std::vector<Candidate> habits;
        double weight = 1.0;
        double total = 0.0;
        for (std::size_t i = 0; i < lines.size();) {
            const std::int64_t at = lines[i].at;
            std::int32_t last = 0;
            for (; i < lines.size() && lines[i].at == at; ++i) {
                if (lines[i].product == last) continue;
                last = lines[i].product;
                habits.push_back({last, weight, 0, 0, 1});
            }
            total += weight;
            weight *= kBasketDecay;
        }
        for (Candidate& h : habits) h.score /= total;
        candidates.insert(candidates.end(), habits.begin(), habits.end());
        std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
            return a.product != b.product ? a.product < b.product : a.because > b.because;
        });
        std::size_t kept = 0;
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (kept > 0 && candidates[kept - 1].product == candidates[i].product) {
                candidates[kept - 1].score += candidates[i].score;
                candidates[kept - 1].orders += candidates[i].orders;
            } else {
                candidates[kept++] = candidates[i];
            }
        }
        candidates.resize(kept);
    }

    // The best that pass the filters: looked up in growing portions, as most pass.
    std::vector<Recommended> filtered(std::vector<Candidate>& candidates) {
        const auto n = static_cast<std::size_t>(request_.n);
        const std::size_t wanted = request_.diversity > 0.0 ? 4 * n : n;
        std::vector<Recommended> chosen;
        std::size_t portion = wanted + wanted / 4 + 4;
        std::size_t done = 0;
        while (chosen.size() < wanted && done < candidates.size()) {
            host_.poll();
            const std::size_t end = std::min(candidates.size(), done + portion);
            std::partial_sort(candidates.begin() + static_cast<std::ptrdiff_t>(done), candidates.begin() + static_cast<std::ptrdiff_t>(end), candidates.end(), better);
            std::vector<std::int32_t> keys;
            for (std::size_t i = done; i < end; ++i) {
                keys.push_back(candidates[i].product);
                if (candidates[i].because != 0) keys.push_back(candidates[i].because);  // for its name
            }
            look_up(keys);
            for (std::size_t i = done; i < end && chosen.size() < wanted; ++i) {
                const Product& product = product_of(candidates[i].product);
                if (product.passes) chosen.push_back({candidates[i], product, false});
            }
            done = end;
            portion *= 4;
        }
        if (request_.diversity > 0.0) diversify(chosen);
        return chosen;
    }

    // Maximal marginal relevance (Carbonell and Goldstein, 1998), over the stored similarities.
    void diversify(std::vector<Recommended>& chosen) {
        const auto n = std::min(chosen.size(), static_cast<std::size_t>(request_.n));
        if (chosen.size() < 2) return;
        std::vector<std::int32_t> keys;
        std::unordered_map<std::int32_t, std::size_t> place;
        for (const Recommended& r : chosen) {
            place.emplace(r.product.key, keys.size());
            keys.push_back(r.product.key);
        }
        std::vector<double> similarity(chosen.size() * chosen.size(), 0.0);
        for (const SimilarPair& pair : mart_.similar(keys)) {
            const std::size_t a = place[pair.product];
            const std::size_t b = place[pair.other];
            similarity[a * keys.size() + b] = similarity[b * keys.size() + a] = std::max(similarity[a * keys.size() + b], pair.similarity);
        }
        const double best = chosen.front().candidate.score;
        std::vector<double> closest(chosen.size(), 0.0);
        std::vector<bool> taken(chosen.size(), false);
        std::vector<Recommended> result;
        while (result.size() < n) {
            std::size_t next = chosen.size();
            double highest = 0.0;
            for (std::size_t i = 0; i < chosen.size(); ++i) {
                if (taken[i]) continue;
                const double value = (1.0 - request_.diversity) * chosen[i].candidate.score / best - request_.diversity * closest[i];
                if (next == chosen.size() || value > highest) {
                    next = i;
                    highest = value;
                }
            }
            taken[next] = true;
            result.push_back(chosen[next]);
            for (std::size_t i = 0; i < chosen.size(); ++i) closest[i] = std::max(closest[i], similarity[next * keys.size() + i]);
        }
        chosen = std::move(result);
    }

    void fill(const std::vector<Owned>& owned, std::vector<Recommended>& chosen) {
        std::vector<std::int32_t> except;
        if (!request_.next_basket)
            for (const Owned& o : owned) except.push_back(o.product);
        for (const Recommended& r : chosen) except.push_back(r.product.key);
        for (Product& product : mart_.popular(except, request_.filter, request_.n - static_cast<std::int64_t>(chosen.size())))
            chosen.push_back({{product.key, 0.0, 0, 0, 0}, std::move(product), true});
    }

    const RecommendMart& mart_;
    const Request& request_;
    core::Host& host_;
    std::unordered_map<std::int32_t, Product> products_;  // looked up so far; those that do not exist do not pass
    StoredScores scores_;
};

std::string reason_of(const Recommended& r, const std::string& because, bool is_known) {
    if (r.is_popular) return is_known ? "popular products, as the orders of the customer say no more" : "popular products, as the customer is not known";
    std::string reason;
    if (r.candidate.orders > 0) reason = "bought in " + std::to_string(r.candidate.orders) + (r.candidate.orders == 1 ? " order" : " orders");
    if (r.candidate.because != 0) reason += (reason.empty() ? "bought \"" : "; bought \"") + because + "\"";
    if (r.candidate.customers > 0) reason += ": " + std::to_string(r.candidate.customers) + " customers have both";
    return reason;
}

// (mart name, customer int or customers int[], n int, categories text[], min_price numeric, max_price numeric, in_stock boolean,
// mode text, diversity float8) returns setof ([customer_key int,] rank int, product_key int, product_id, name, category text,
// score float8, source text, because_product_key int, because_name text, because_customers int, reason text)
Datum recommend(FunctionCallInfo fcinfo, bool many) {
    RowSink rows(fcinfo);
    BackendHost host;
    const Args args(fcinfo);
    Request request;
    request.n = args.int4(2, "n");
    if (request.n < 0 || request.n > 10000)
        throw core::Error(core::ErrorCode::kInvalidArgument, "number of recommendations must be 0 to 10000, but is " + std::to_string(request.n), "Pass for example 10.");
    ProductFilter& filter = request.filter;
    filter.has_categories = !args.is_null(3);
    filter.categories = args.datum(3);
    filter.has_min_price = !args.is_null(4);
    filter.min_price = args.datum(4);
    filter.has_max_price = !args.is_null(5);
    filter.max_price = args.datum(5);
    filter.in_stock = args.boolean(6, "in_stock");
    const std::string_view mode = args.text(7, "mode");
    if (mode != "new_items" && mode != "next_basket")
        throw core::Error(core::ErrorCode::kInvalidArgument, "mode \"" + std::string(mode) + "\" is not known", "Use new_items or next_basket.");
    request.next_basket = mode == "next_basket";
    request.diversity = args.required_float8(8, "diversity");
    if (!(request.diversity >= 0.0 && request.diversity <= 1.0))
        throw core::Error(core::ErrorCode::kInvalidArgument, "diversity must lie between 0 and 1", "Pass 0 for none, or for example 0.3.");

    std::vector<std::int32_t> customers;
    if (!many) {
        customers.push_back(args.is_null(1) ? 0 : DatumGetInt32(args.datum(1)));
    } else if (!args.is_null(1)) {
        const Datum value = args.datum(1);
        const ArrayType* array = call([&] { return DatumGetArrayTypeP(value); });
        if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
            throw core::Error(core::ErrorCode::kInvalidArgument, "argument \"customers\" must be a one-dimensional array without NULLs", "Pass keys of dim_customer.");
        if (ARR_NDIM(array) == 1) {
            const auto* first = reinterpret_cast<const std::int32_t*>(ARR_DATA_PTR(array));
            customers.assign(first, first + ARR_DIMS(array)[0]);
        }
    }

    const Session session;
    const RecommendMart mart(session, args.datum(0), args.is_null(0));
    Recommender recommender(mart, request, host);
    constexpr int kMostColumns = 12;
    // What a customer takes is given back before the next one comes.
    const MemoryContext context = call([] { return AllocSetContextCreateInternal(CurrentMemoryContext, "ecom recommendation", ALLOCSET_DEFAULT_SIZES); });
    for (const std::int32_t customer : customers) {
        host.poll();
        const MemoryContext outer = MemoryContextSwitchTo(context);
        const std::vector<Recommended> found = request.n == 0 ? std::vector<Recommended>() : recommender.recommend(customer);
        bool popular = false;
        for (const Recommended& r : found) popular = popular || r.is_popular;
        if (found.empty() && !mart.has_refreshed())
            throw core::Error(core::ErrorCode::kNotEnoughData, "the mart has no recommendations yet", "Compute them: SELECT * FROM ecom.refresh(mart, steps => '{recommend}').");
        const bool is_known = !popular || (customer != 0 && mart.has_customer(customer));
        for (std::size_t i = 0; i < found.size(); ++i) {
            const Recommended& r = found[i];
            const std::string because_name = r.candidate.because == 0 ? std::string() : recommender.name(r.candidate.because);
            const std::string reason = reason_of(r, because_name, is_known);
            call([&] {
                Datum values[kMostColumns] = {};
                bool nulls[kMostColumns] = {};
                int c = 0;
                if (many) values[c++] = Int32GetDatum(customer);
                values[c++] = Int32GetDatum(static_cast<std::int32_t>(i + 1));
                values[c++] = Int32GetDatum(r.product.key);
                values[c++] = PointerGetDatum(make_text_unguarded(r.product.id));
                values[c++] = PointerGetDatum(make_text_unguarded(r.product.name));
                values[c++] = PointerGetDatum(make_text_unguarded(r.product.category));
                values[c++] = Float8GetDatum(r.candidate.score);
                values[c++] = PointerGetDatum(make_text_unguarded(r.is_popular ? "popular" : r.candidate.orders > 0 ? "repeat" : "history"));
                nulls[c] = nulls[c + 1] = r.candidate.because == 0;
                nulls[c + 2] = r.candidate.customers == 0;
                values[c++] = Int32GetDatum(r.candidate.because);
                values[c++] = PointerGetDatum(make_text_unguarded(because_name));
                values[c++] = Int32GetDatum(r.candidate.customers);
                values[c++] = PointerGetDatum(make_text_unguarded(reason));
                rows.put_unguarded(values, nulls);
            });
        }
        MemoryContextSwitchTo(outer);
        call([&] { MemoryContextReset(context); });
    }
    recommender.keep_buffers();
    return static_cast<Datum>(0);
}

}  // namespace

ECOM_FUNCTION(ecom_recommend_products) { return recommend(fcinfo, false); }
ECOM_FUNCTION(ecom_recommend_products_many) { return recommend(fcinfo, true); }

#include "core/forest/tree_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/json.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::uint32_t kOffset = 1U << 31;
constexpr std::size_t kMaxThresholds = 65000;
constexpr std::uint16_t kLeafLimit = std::numeric_limits<std::uint16_t>::max();
constexpr std::size_t kTogether = 16;  // trees walked at a time: their loads overlap

double logit(double p) {
    constexpr double kClip = 1e-6;
    const double q = std::clamp(p, kClip, 1 - kClip);
    return std::log(q / (1 - q));
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

std::uint16_t code_of(const std::vector<double>& thresholds, double v) {
    if (std::isnan(v)) return 0;
    const double* base = thresholds.data();
    std::size_t n = thresholds.size();
    if (n == 0) return 1;
    while (n > 1) {
        const std::size_t half = n / 2;
        base += base[half - 1] < v ? half : 0;
        n -= half;
    }
    return static_cast<std::uint16_t>(1 + (base - thresholds.data()) + (*base < v ? 1 : 0));
}

}  // namespace

TreeModel::TreeModel(TreeEnsemble ensemble) : e_(std::move(ensemble)) {
    const std::size_t p = e_.features.size();
    if (p == 0 || p > kMaxRowFeatures || e_.categories.size() != p || e_.importance.size() != p || e_.trees.empty() ||
        (!e_.calibration.empty() && e_.calibration.size() != 2) || !is_isotonic(e_.isotonic))
        Reader::corrupt();
    for (const Tree& tree : e_.trees) check_tree(tree);
    compile();
    index_categories();
}

// Every node but the root is the child of one node, left children follow their parents, children share
// their parent's rows: walks end, and explanations divide by no zero.
void TreeModel::check_tree(const Tree& tree) {
    const auto p = static_cast<std::int32_t>(e_.features.size());
    if (tree.empty()) Reader::corrupt();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> waiting;  // right children and their depths
    std::uint32_t depth = 0, deepest = 0;
    double mean = 0;
    for (std::size_t i = 0; i < tree.size(); ++i) {
        const TreeNode& node = tree[i];
        if (node.feature < -1 || node.feature >= p || !std::isfinite(node.value) || node.cover == 0) Reader::corrupt();
        if (node.feature >= 0) {
            if (node.right <= i + 1 || node.right >= tree.size() || std::isnan(node.threshold) || node.threshold == -std::numeric_limits<double>::infinity() || depth >= kMaxTreeDepth ||
                std::uint64_t{tree[i + 1].cover} + tree[node.right].cover != node.cover)
                Reader::corrupt();
            waiting.emplace_back(node.right, ++depth);
            deepest = std::max(deepest, depth);
            continue;
        }
        mean += node.value * (static_cast<double>(node.cover) / static_cast<double>(tree.front().cover));
        if (waiting.empty() ? i + 1 != tree.size() : waiting.back().first != i + 1) Reader::corrupt();
        if (waiting.empty()) break;
        depth = waiting.back().second;
        waiting.pop_back();
    }
    depths_.push_back(deepest);
    deepest_ = std::max(deepest_, deepest);
    base_ += mean;
}

void TreeModel::compile() {
    const std::size_t p = width();
    std::size_t nodes = 0;
    for (const Tree& tree : e_.trees) nodes += tree.size();
    if (nodes >= kOffset)
        throw Error(ErrorCode::kLimitExceeded, "trees have more than 2147483647 nodes", "Use fewer trees or a larger min_leaf.");
    thresholds_.resize(p);
    for (const Tree& tree : e_.trees)
        for (const TreeNode& node : tree)
            if (node.feature >= 0) thresholds_[static_cast<std::size_t>(node.feature)].push_back(node.threshold);
    for (auto& list : thresholds_) {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
        if (list.size() > kMaxThresholds)
            throw Error(ErrorCode::kLimitExceeded, "trees split a feature at more than 65000 values",
                        "Use splits by histogram, fewer trees, or a larger min_leaf.");
    }
    // Level by level over all trees: a walk begins in few cache lines, and the two children of a node share theirs.
    struct Place {
        std::uint32_t tree, node;
    };
    std::vector<Place> level, next;
    for (std::size_t t = 0; t < e_.trees.size(); ++t) level.push_back({static_cast<std::uint32_t>(t), 0});
    for (; !level.empty(); level.swap(next), next.clear()) {
        const std::size_t next_level = steps_.size() + level.size();
        for (const Place& place : level) {
            const TreeNode& node = e_.trees[place.tree][place.node];
            values_.push_back(node.value);
            if (node.feature < 0) {
                // A leaf leads to itself: the extra code after the features is below every limit of leaves.
                steps_.push_back({static_cast<std::uint16_t>(p), kLeafLimit, static_cast<std::uint32_t>(steps_.size())});
                continue;
            }
            const auto f = static_cast<std::size_t>(node.feature);
            const auto at = std::lower_bound(thresholds_[f].begin(), thresholds_[f].end(), node.threshold);
            const auto limit = static_cast<std::uint16_t>(1 + (at - thresholds_[f].begin()));
            const std::uint32_t offset = node.missing_left ? 0 : 1;
            steps_.push_back({static_cast<std::uint16_t>(f), static_cast<std::uint16_t>(limit - offset),
                              static_cast<std::uint32_t>(next_level + next.size()) | (offset << 31)});
            next.push_back({place.tree, place.node + 1});
            next.push_back({place.tree, node.right});
        }
    }
    base_ = e_.learner == Learner::kForest ? base_ / static_cast<double>(e_.trees.size()) : e_.base + base_;
}

double TreeModel::raw(const double* values) const {
    const std::size_t p = width();
    std::uint16_t codes[kMaxRowFeatures + 1];
    for (std::size_t f = 0; f < p; ++f) codes[f] = code_of(thresholds_[f], values[f]);
    codes[p] = 0;
    double sum = 0;
    const Step* const steps = steps_.data();
    const std::size_t trees = depths_.size();
    for (std::size_t t = 0; t < trees; t += kTogether) {
        const std::size_t here = std::min(kTogether, trees - t);
        std::uint32_t at[kTogether] = {};
        std::uint32_t depth = 0;
        for (std::size_t k = 0; k < here; ++k) {
            at[k] = static_cast<std::uint32_t>(t + k);
            depth = std::max(depth, depths_[t + k]);
        }
        for (std::size_t k = here; k < kTogether; ++k) at[k] = at[0];
        for (std::uint32_t d = 0; d < depth; ++d)
            for (std::size_t k = 0; k < kTogether; ++k) {
                const Step step = steps[at[k]];
                const auto code = static_cast<std::uint16_t>(codes[step.feature] - (step.children >> 31));
                // No branch: which side a row takes cannot be foreseen.
                at[k] = (step.children & ~kOffset) + static_cast<std::uint32_t>(code > step.limit);
            }
        for (std::size_t k = 0; k < here; ++k) sum += values_[at[k]];
    }
    return e_.learner == Learner::kForest ? sum / static_cast<double>(trees) : e_.base + sum;
}

double TreeModel::from_raw(double raw) const {
    if (!e_.classify) return raw;
    if (e_.learner == Learner::kBoosting) return logistic(raw);
    if (!e_.isotonic.empty()) return std::clamp(e_.isotonic(raw), 0.0, 1.0);
    if (e_.calibration.empty()) return std::clamp(raw, 0.0, 1.0);
    return logistic(e_.calibration[0] * logit(raw) + e_.calibration[1]);
}

Document TreeModel::body() const {
    Document::Ints types, sizes, features, rights, missing, covers, places;
    Document::Doubles values;
    Document::Strings names;
    Document::List categories, thresholds;
    for (std::size_t f = 0; f < width(); ++f) {
        names.push_back(e_.features[f].name);
        types.push_back(static_cast<std::int64_t>(e_.features[f].type));
        categories.push_back(Document(e_.categories[f]));
        thresholds.push_back(Document(thresholds_[f]));
    }
    for (const Tree& tree : e_.trees) {
        sizes.push_back(static_cast<std::int64_t>(tree.size()));
        for (std::size_t i = 0; i < tree.size(); ++i) {
            const TreeNode& node = tree[i];
            features.push_back(node.feature);
            covers.push_back(node.cover);
            if (node.feature < 0) {
                values.push_back(node.value);
                continue;
            }
            const auto& list = thresholds_[static_cast<std::size_t>(node.feature)];
            rights.push_back(static_cast<std::int64_t>(node.right) - static_cast<std::int64_t>(i));
            places.push_back(std::lower_bound(list.begin(), list.end(), node.threshold) - list.begin());
            missing.push_back(node.missing_left ? 1 : 0);
        }
    }
    Document body = Document::object();
    body.set("boosted", Document(e_.learner == Learner::kBoosting))
        .set("classify", Document(e_.classify))
        .set("names", Document(names))
        .set("types", Document(types))
        .set("categories", Document(categories))
        .set("thresholds", Document(thresholds))
        .set("base", Document(e_.base))
        .set("calibration", Document(e_.calibration))
        .set("importance", Document(e_.importance))
        .set("rows", Document(e_.rows))
        .set("label_mean", Document(e_.label_mean))
        // As texts, which travel through jsonb unchanged; objects would come back in another order.
        .set("parameters", Document(to_json(e_.parameters)))
        .set("metrics", Document(to_json(e_.metrics)))
        .set("sizes", Document(sizes))
        .set("features", Document(features))
        .set("right", Document(rights))
        .set("threshold", Document(places))
        .set("missing_left", Document(missing))
        .set("cover", Document(covers))
        .set("leaf", Document(values));
    if (!e_.isotonic.empty())
        body.set("isotonic_scores", Document(e_.isotonic.scores)).set("isotonic_values", Document(e_.isotonic.values));
    return body;
}

std::unique_ptr<Model> TreeModel::decode(const Document& body, int) {
    TreeEnsemble e;
    e.learner = body.at("boosted").as_bool() ? Learner::kBoosting : Learner::kForest;
    e.classify = body.at("classify").as_bool();
    const auto names = body.at("names").as_strings();
    const auto types = body.at("types").as_ints();
    if (names.size() != types.size()) Reader::corrupt();
    for (std::size_t f = 0; f < names.size(); ++f) {
        if (types[f] < 0 || types[f] > 3) Reader::corrupt();
        e.features.push_back({names[f], static_cast<FeatureType>(types[f])});
    }
    for (const Document& list : body.at("categories").as_list()) e.categories.push_back(list.as_strings());
    std::vector<Document::Doubles> thresholds;
    for (const Document& list : body.at("thresholds").as_list()) thresholds.push_back(list.as_doubles());
    e.base = body.at("base").as_double();
    e.calibration = body.at("calibration").as_doubles();
    if (const Document* scores = body.find("isotonic_scores"))
        e.isotonic = {scores->as_doubles(), body.at("isotonic_values").as_doubles()};
    e.importance = body.at("importance").as_doubles();
    e.rows = body.at("rows").as_int();
    e.label_mean = body.at("label_mean").as_double();
    e.parameters = from_json(body.at("parameters").as_string(), "model");
    e.metrics = from_json(body.at("metrics").as_string(), "model");
    const auto sizes = body.at("sizes").as_ints(), features = body.at("features").as_ints(), rights = body.at("right").as_ints(),
               places = body.at("threshold").as_ints(), missing = body.at("missing_left").as_ints(),
               covers = body.at("cover").as_ints();
    const auto leaves = body.at("leaf").as_doubles();
    for (const std::int64_t cover : covers)
        if (cover < 1 || cover > std::numeric_limits<std::uint32_t>::max()) Reader::corrupt();
    std::size_t node = 0, split = 0, leaf = 0;
    if (thresholds.size() != names.size() || covers.size() != features.size() || places.size() != rights.size() ||
        missing.size() != rights.size())
        Reader::corrupt();
    for (const std::int64_t size : sizes) {
        if (size < 1 || static_cast<std::size_t>(size) > features.size() - node) Reader::corrupt();
        Tree tree;
        for (std::int64_t i = 0; i < size; ++i, ++node) {
            TreeNode made{-1, 0, 0.0, 0.0, static_cast<std::uint32_t>(covers[node]), false};
            if (features[node] < 0) {
                if (leaf >= leaves.size()) Reader::corrupt();
                made.value = leaves[leaf++];
            } else {
                if (split >= rights.size() || static_cast<std::size_t>(features[node]) >= names.size()) Reader::corrupt();
                made.feature = static_cast<std::int32_t>(features[node]);
                const auto& list = thresholds[static_cast<std::size_t>(made.feature)];
                if (places[split] < 0 || static_cast<std::size_t>(places[split]) >= list.size()) Reader::corrupt();
                if (rights[split] < 2 || rights[split] >= size - i) Reader::corrupt();
                made.threshold = list[static_cast<std::size_t>(places[split])];
                made.right = static_cast<std::uint32_t>(i + rights[split]);
                made.missing_left = missing[split] != 0;
                ++split;
            }
            tree.push_back(made);
        }
        e.trees.push_back(std::move(tree));
    }
    if (node != features.size() || split != rights.size() || leaf != leaves.size()) Reader::corrupt();
    return std::make_unique<TreeModel>(std::move(e));
}

Document TreeModel::summary() const {
    Document importance = Document::object();
    for (std::size_t f = 0; f < width(); ++f) importance.set(e_.features[f].name, Document(e_.importance[f]));
    Document::List features;
    for (std::size_t f = 0; f < width(); ++f) {
        Document feature = Document::object();
        feature.set("name", Document(e_.features[f].name))
            .set("type", Document(std::string(feature_type_name(e_.features[f].type))));
        if (e_.features[f].type == FeatureType::kCategory)
            feature.set("categories", Document(static_cast<std::int64_t>(e_.categories[f].size())));
        features.push_back(feature);
    }
    return Document::object()
        .set("learner", Document(std::string(e_.learner == Learner::kForest ? "random forest" : "gradient boosting")))
        .set("task", Document(std::string(e_.classify ? "classification" : "regression")))
        .set("rows", Document(e_.rows))
        .set("label_mean", Document(e_.label_mean))
        .set("features", Document(features))
        .set("parameters", e_.parameters)
        .set("metrics", e_.metrics)
        .set("importance", importance);
}

}  // namespace ecom::core

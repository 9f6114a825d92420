#include "core/cluster/kmeans_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/json.hpp"
#include "core/catalog/models.hpp"
#include "core/cluster/gap_statistic.hpp"
#include "unit/fakes.hpp"
#include "unit/iris_data.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::FakeHost;
using test::kIris;

FeatureRows iris_rows() {
    FakeHost host;
    FeatureRows rows(4);
    for (const auto& flower : kIris) rows.add(flower.data(), host);
    return rows;
}

FeatureRows random_rows(std::size_t rows, std::size_t features) {
    FakeHost host;
    Rng rng(17, features);
    FeatureRows data(features);
    std::vector<double> row(features);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < features; ++j)
            row[j] = std::exp(rng.normal()) + static_cast<double>(5 * (i % 3) * (j + 1));
        data.add(row.data(), host);
    }
    return data;
}

void add(KmeansState& state, const std::vector<double>& row, std::optional<double> weight) {
    FakeHost host;
    state.add(row.data(), row.size(), weight, host);
}

KmeansFitParams with_options(std::optional<int> k, const std::string& options) {
    return read_kmeans_params(k, from_json(options, "options"));
}

// scikit-learn 1.2.1: silhouette_score and calinski_harabasz_score of the best clusterings of iris.
TEST(KmeansFit, TrialsOfIrisAsScikitLearn) {
    FakeHost host;
    const KmeansFit fit = fit_kmeans(iris_rows(), {}, with_options(std::nullopt, R"({"k_max": 5})"), host);
    const double silhouettes[] = {0.6810461692117462, 0.5528190123564094, 0.4980505049972871, 0.4887488870931052};
    const double indexes[] = {513.9245459802768, 561.62775662962, 530.7658081872851, 495.54148767768777};
    ASSERT_EQ(fit.trials.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(fit.trials[i].clusters, static_cast<int>(i) + 2);
        EXPECT_NEAR(fit.trials[i].silhouette.value(), silhouettes[i], 1e-12);
        EXPECT_NEAR(fit.trials[i].calinski_harabasz.value(), indexes[i], 1e-9 * indexes[i]);
    }
    EXPECT_TRUE(fit.trials[1].is_elbow);
    EXPECT_EQ(fit.result.clusters(), 2u);
    EXPECT_EQ(fit.silhouette_rows, 150);
    // The labels are those of a fit with that number.
    EXPECT_EQ(fit.result.labels, fit_kmeans(iris_rows(), {}, with_options(2, "{}"), host).result.labels);
}

TEST(KmeansFit, ElbowOfAStraightLineIsNone) {
    FakeHost host;
    const KmeansFit fit = fit_kmeans(iris_rows(), {}, with_options(std::nullopt, R"({"k_min": 1, "k_max": 2})"), host);
    EXPECT_FALSE(fit.trials[0].is_elbow || fit.trials[1].is_elbow);
    EXPECT_FALSE(fit.trials[0].silhouette);
    EXPECT_EQ(fit.result.clusters(), 2u);
}

// Of rows that fall into two points, more clusters gain nothing.
TEST(KmeansFit, WithoutAnyGapTheFewestClusters) {
    FakeHost host;
    const KmeansFit fit = fit_kmeans(iris_rows(), {}, with_options(std::nullopt, R"({"k_min": 2, "k_max": 5, "choose": "gap", "silhouette_rows": 2})"), host);
    for (const ClusterTrial& trial : fit.trials) EXPECT_FALSE(trial.gap);
    EXPECT_EQ(fit.result.clusters(), 2u);
}

TEST(KmeansFit, PreprocessesAndPredictsItsOwnRows) {
    FakeHost host;
    for (const std::size_t d : {3u, 6u}) {
        const FeatureRows rows = random_rows(2000, d);
        const KmeansFit fit = fit_kmeans(rows, {}, with_options(4, R"({"transform": "boxcox", "scaling": "standard"})"), host);
        const auto labels = fit.result.labels;
        const KmeansModel model(fit);
        std::vector<double> row(d);
        double inertia = 0;
        for (std::size_t i = 0; i < rows.rows(); ++i) {
            for (std::size_t j = 0; j < d; ++j) row[j] = rows.at(i, j);
            const auto squared = model.squared_distances(model.preprocessed(row.data()));
            EXPECT_EQ(nearest_cluster(squared), labels[i]);
            inertia += *std::min_element(squared.begin(), squared.end());
        }
        EXPECT_NEAR(inertia, fit.result.inertia, 1e-10 * inertia);
        // A centre leads back to itself.
        for (std::size_t c = 0; c < 4; ++c) {
            const auto squared = model.squared_distances(model.preprocessed(model.original_center(c).data()));
            EXPECT_NEAR(squared[c], 0, 1e-16);
        }
    }
}

TEST(KmeansModel, StoredAndReadBack) {
    FakeHost host;
    const KmeansModel model(fit_kmeans(random_rows(300, 3), {},
                                       with_options(std::nullopt, R"({"transform": "yeojohnson", "scaling": "robust", "k_min": 1})"), host));
    const std::string bytes = encode_model(model);
    const auto again = decode_model(bytes, find_model_decoder);
    EXPECT_EQ(encode_model(*again), bytes);
    const auto from_text = model_from_json(model_to_json(model), find_model_decoder);
    EXPECT_EQ(encode_model(*from_text), bytes);
    const auto& read = model_as<KmeansModel>(*again);
    const std::vector<double> row{2, 7, 1};
    EXPECT_EQ(read.squared_distances(read.preprocessed(row.data())), model.squared_distances(model.preprocessed(row.data())));
    ASSERT_EQ(read.fit().trials.size(), 8u);
    EXPECT_FALSE(read.fit().trials[0].silhouette);
    EXPECT_EQ(read.fit().trials[1].silhouette, model.fit().trials[1].silhouette);

    const std::vector<double> infinite{1, 2, INFINITY};
    EXPECT_ERROR_CODE(read.preprocessed(infinite.data()), kNonFiniteInput);
}

TEST(KmeansModel, ContradictingFieldsAreRefused) {
    FakeHost host;
    const Document body = KmeansModel(fit_kmeans(iris_rows(), {}, with_options(3, "{}"), host)).body();
    EXPECT_NO_THROW(KmeansModel::decode(body, 1));
    const auto with = [&](const std::string& name, const Document& value) {
        Document changed = Document::object();
        for (const auto& [field, content] : body.as_fields()) changed.set(field, field == name ? value : content);
        return changed;
    };
    EXPECT_ERROR_CODE(KmeansModel::decode(with("features", Document(std::int64_t{3})), 1), kCorruptValue);
    EXPECT_ERROR_CODE(KmeansModel::decode(with("features", Document(std::int64_t{0})), 1), kCorruptValue);
    EXPECT_ERROR_CODE(KmeansModel::decode(with("sizes", Document(Document::Ints{1, 2})), 1), kCorruptValue);
    EXPECT_ERROR_CODE(KmeansModel::decode(with("weights", Document(Document::Doubles{})), 1), kCorruptValue);
    EXPECT_ERROR_CODE(KmeansModel::decode(with("centers", Document(Document::Doubles(12, std::nan("")))), 1), kCorruptValue);
    EXPECT_ERROR_CODE(KmeansModel::decode(with("rows", Document(std::string("many"))), 1), kCorruptValue);
}

TEST(KmeansState, MergedStatesFitAsOne) {
    FakeHost host;
    const FeatureRows rows = random_rows(1000, 3);
    const std::string options = R"({"scaling": "standard"})";
    const auto collect = [&](std::size_t begin, std::size_t end) {
        KmeansState state(3, 3, options, true);
        for (std::size_t i = begin; i < end; ++i)
            add(state, {rows.at(i, 0), rows.at(i, 1), rows.at(i, 2)}, 1.0 + static_cast<double>(i % 3));
        return state;
    };
    const KmeansState whole = collect(0, 1000);
    KmeansState merged = collect(600, 1000);
    merged.merge(collect(0, 600), host);
    const KmeansFit expected = whole.fit(host);
    EXPECT_EQ(merged.fit(host).result.centers, expected.result.centers);

    Writer out;
    merged.encode(out);
    Reader in(out.bytes());
    const KmeansState read = KmeansState::decode(in);
    EXPECT_EQ(read.fit(host).result.centers, expected.result.centers);
    for (std::size_t length = 0; length < out.bytes().size(); length += 97) {
        Reader cut(std::string_view(out.bytes()).substr(0, length));
        EXPECT_ERROR_CODE(KmeansState::decode(cut), kCorruptValue);
    }
    EXPECT_ERROR_CODE(merged.merge(KmeansState(3, 4, options, true), host), kInvalidArgument);
}

TEST(KmeansState, BadInput) {
    FakeHost host;
    EXPECT_ERROR_CODE(KmeansState(0, 3, "{}", false), kInvalidArgument);
    EXPECT_ERROR_CODE(KmeansState(kMaxFeatures + 1, 3, "{}", false), kInvalidArgument);
    for (const char* options : {R"({"n_init": 0})", R"({"transform": "sqrt"})", R"({"scaling": 3})", R"({"seeds": 1})", "[1]",
                                R"({"k_min": 5, "k_max": 4})", R"({"silhouette_rows": 1})", R"({"tolerance": -1})"})
        EXPECT_ERROR_CODE(KmeansState(2, std::nullopt, options, false), kInvalidArgument) << options;
    EXPECT_ERROR_CODE(KmeansState(2, std::nullopt, R"({"initial_centers": [1, 2]})", false), kInvalidArgument);
    KmeansState state(2, 2, "{}", true);
    EXPECT_ERROR_CODE(add(state, {1}, 1.0), kInvalidArgument);
    EXPECT_ERROR_CODE(add(state, {1, INFINITY}, 1.0), kNonFiniteInput);
    for (const std::optional<double> weight : {std::optional<double>(), std::optional<double>(0.0), std::optional<double>(-1.0), std::optional<double>(std::nan(""))})
        EXPECT_ERROR_CODE(add(state, {1, 2}, weight), kInvalidArgument);
    KmeansState huge(1, 2, "{}", false);
    add(huge, {1e200}, std::nullopt);
    add(huge, {1}, std::nullopt);
    EXPECT_ERROR_CODE(huge.fit(host), kNonFiniteInput);
    KmeansState same(1, std::nullopt, "{}", false);
    add(same, {4}, std::nullopt);
    add(same, {4}, std::nullopt);
    EXPECT_ERROR_CODE(same.fit(host), kNotEnoughData);
}

TEST(KmeansFit, HostStopsItAndGrantsMemory) {
    const FeatureRows rows = random_rows(30000, 3);
    const KmeansFitParams params = with_options(std::nullopt, R"({"k_max": 3, "transform": "log"})");
    FakeHost one, eight;
    eight.threads = 8;
    const KmeansFit fit = fit_kmeans(rows, {}, params, one);
    const KmeansFit threaded = fit_kmeans(rows, {}, params, eight);
    EXPECT_EQ(fit.result.labels, threaded.result.labels);
    EXPECT_EQ(fit.trials[0].silhouette, threaded.trials[0].silhouette);
    for (const double part : {0.0, 0.2, 0.5, 0.95}) {
        CancellingHost host(1 + static_cast<std::int64_t>(part * static_cast<double>(one.polls)));
        EXPECT_THROW(fit_kmeans(rows, {}, params, host), test::Cancelled);
    }
    FakeHost poor;
    poor.memory = 1 << 20;
    EXPECT_ERROR_CODE(fit_kmeans(rows, {}, params, poor), kLimitExceeded);
}

// Two groups of rows, and rows without groups: the gap tells 2 and 1.
TEST(GapStatistic, FindsGroupsAndTheirAbsence) {
    FakeHost host;
    FeatureRows grouped(2), single(2);
    Rng random(3, 0);
    for (int i = 0; i < 400; ++i) {
        const double x[] = {random.uniform() + (i % 2 == 0 ? 4.0 : 0.0), random.uniform()};
        const double y[] = {random.uniform(), random.uniform()};
        grouped.add(x, host);
        single.add(y, host);
    }
    const std::string options = R"({"choose": "gap", "k_min": 1, "k_max": 4})";
    const KmeansFit two = fit_kmeans(grouped, {}, with_options(std::nullopt, options), host);
    EXPECT_EQ(two.params.clusters, 2);
    EXPECT_GT(two.trials[1].gap.value(), two.trials[0].gap.value() + two.trials[1].gap_error.value());
    EXPECT_EQ(fit_kmeans(single, {}, with_options(std::nullopt, options), host).params.clusters, 1);
    FakeHost eight;
    eight.threads = 8;
    EXPECT_EQ(fit_kmeans(grouped, {}, with_options(std::nullopt, options), eight).trials[3].gap, two.trials[3].gap);

    const KmeansFit elbow = fit_kmeans(grouped, {}, with_options(std::nullopt, R"({"choose": "elbow", "k_min": 1})"), host);
    EXPECT_EQ(elbow.params.clusters, 2);
    FeatureRows same(1);
    const double one = 1;
    same.add(&one, host);
    same.add(&one, host);
    const KmeansFit constant = fit_kmeans(same, {}, with_options(std::nullopt, options), host);
    EXPECT_EQ(constant.params.clusters, 1);
    EXPECT_FALSE(constant.trials[0].gap);
    EXPECT_ERROR_CODE(with_options(std::nullopt, R"({"choose": "best"})"), kInvalidArgument);
    EXPECT_ERROR_CODE(with_options(std::nullopt, R"({"gap_references": 1})"), kInvalidArgument);
}

TEST(FirstGap, IsNotBelowTheNextLessItsError) {
    EXPECT_EQ(first_gap({Gap{1, 0}, Gap{2, 0.1}, Gap{2.05, 0.1}, Gap{3, 0}}), 1u);
    EXPECT_EQ(first_gap({Gap{1, 0}, Gap{2, 0}, Gap{3, 0}}), 2u);
    EXPECT_EQ(first_gap({std::nullopt, Gap{2, 0}, std::nullopt}), 1u);
    EXPECT_EQ(first_gap({std::nullopt}), 0u);
}

TEST(SimplifiedSilhouette, ByHand) {
    EXPECT_FALSE(simplified_silhouette({4.0}).has_value());
    EXPECT_NEAR(*simplified_silhouette({9.0, 4.0, 16.0}), 1 - 2.0 / 3.0, 1e-15);
    EXPECT_EQ(*simplified_silhouette({0.0, 0.0}), 0.0);
    EXPECT_EQ(*simplified_silhouette({1.0, 1.0}), 0.0);
}

}  // namespace
}  // namespace ecom::core

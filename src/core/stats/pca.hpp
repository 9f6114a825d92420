// Principal components (Pearson, 1901; Hotelling, 1933): the directions in which rows of features differ most.
//
// Eigenvectors of the covariance matrix (divisor n - 1), by falling variance. Sign: the loading that is largest in
// absolute value is positive; of loadings that are equal within 1e-6 the first decides, so that rounding does not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/base/state.hpp"
#include "core/stats/covariance.hpp"

namespace ecom::core {

class Pca final : public Model {
public:
    static constexpr std::string_view kKind = "pca";

    // `loadings`: components one after the other, as many numbers each as there are means. Throws
    // kInvalidArgument when sizes or values contradict each other.
    Pca(std::vector<double> means, std::vector<double> loadings, std::vector<double> explained_variance,
        double total_variance, std::int64_t rows);

    // `components`: how many to keep, all min(rows, features) when empty. Throws kInvalidArgument when they are
    // more, kNotEnoughData for fewer than two rows or features that are all constant.
    static Pca fit(CovarianceAccumulator data, std::optional<int> components, Host& host);
    static std::unique_ptr<Model> decode(const Document& body, int version);
    static Pca from_document(const Document& body);

    std::size_t features() const noexcept { return means_.size(); }
    std::size_t components() const noexcept { return explained_variance_.size(); }
    const double* loadings(std::size_t component) const { return loadings_.data() + component * features(); }
    const std::vector<double>& means() const noexcept { return means_; }
    const std::vector<double>& explained_variance() const noexcept { return explained_variance_; }
    double total_variance() const noexcept { return total_variance_; }
    std::int64_t rows() const noexcept { return rows_; }

    // Scores of a row: components() numbers from features() ones; the two may not overlap.
    void apply(const double* from, double* to) const;
    // The row of features that has these scores and lies in the plane of the components.
    void invert(const double* from, double* to) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;

private:
    std::vector<double> means_;
    std::vector<double> loadings_;
    std::vector<double> explained_variance_;
    double total_variance_;
    std::int64_t rows_;
};

// Throws kInvalidArgument for a number below 1.
void check_components(std::optional<int> components);

class PcaState final : public State {
public:
    static constexpr std::string_view kKind = "pca";

    PcaState(std::size_t features, std::optional<int> components, const Host& host);

    std::size_t features() const { return data_.features(); }
    void add(const double* row) { data_.add(row); }
    void merge(const PcaState& other, Host& host);
    Pca fit(Host& host) const { return Pca::fit(data_, components_, host); }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static PcaState decode(Reader& in);

private:
    PcaState(std::optional<int> components, CovarianceAccumulator data)
        : components_(components), data_(std::move(data)) {}

    std::optional<int> components_;
    CovarianceAccumulator data_;
};

}  // namespace ecom::core

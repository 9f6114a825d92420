// What a clusterer or a regression needs of its features before it sees them: each column made more
// symmetric, then scaled. Fitted once; new rows go through the same stored numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/base/state.hpp"
#include "core/stats/feature_rows.hpp"
#include "core/stats/power_transform.hpp"
#include "core/stats/scaling.hpp"

namespace ecom::core {

struct PreprocessorParams {
    PowerTransform transform = PowerTransform::kNone;
    ScalingMethod scaling = ScalingMethod::kStandard;
};

// x -> (power(max(x, smallest) + shift) - centre) / scale; the bound holds for log and Box-Cox only.
struct PreprocessedColumn {
    PowerTransform transform = PowerTransform::kNone;
    double shift = 0.0;     // log and Box-Cox: makes every value positive
    double lambda = 1.0;    // Box-Cox and Yeo-Johnson
    double smallest = 0.0;  // seen when fitting: a smaller value counts as this one, so it has a logarithm
    double centre = 0.0;
    double scale = 1.0;

    double apply(double x) const;
    // The value that apply() would turn into y; where no value does, infinity or NaN.
    double invert(double y) const;
};

// A column of one value stays untransformed: no lambda fits it.
PreprocessedColumn fit_column(DistinctValues column, const PreprocessorParams& params, Host& host);

class Preprocessor final : public Model {
public:
    static constexpr std::string_view kKind = "preprocessor";

    // Throws kInvalidArgument unless every scale is positive, every number finite and every smallest value
    // has a logarithm where one is taken.
    Preprocessor(std::vector<PreprocessedColumn> columns, PreprocessorParams params, std::int64_t rows);

    // One column per feature, fitted on as many threads as the host grants: the result depends neither on
    // their number nor on the order of the rows. Throws kNotEnoughData when there is no row, and the errors
    // of the transforms with the column's number.
    static Preprocessor fit(const FeatureRows& data, const PreprocessorParams& params, Host& host);
    // Of rows that stand for a whole number of equal ones each.
    static Preprocessor fit(const FeatureRows& data, const std::vector<double>& counts, const PreprocessorParams& params, Host& host);
    static std::unique_ptr<Model> decode(const Document& body, int version);
    // For models that have a preprocessor among their parts: what body() gave.
    static Preprocessor from_document(const Document& body);

    std::size_t features() const noexcept { return columns_.size(); }
    const std::vector<PreprocessedColumn>& columns() const noexcept { return columns_; }
    const PreprocessorParams& params() const noexcept { return params_; }
    std::int64_t rows() const noexcept { return rows_; }

    // Arrays of features() elements; `to` may be `from`.
    void apply(const double* from, double* to) const;
    void invert(const double* from, double* to) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;

private:
    std::vector<PreprocessedColumn> columns_;
    PreprocessorParams params_;
    std::int64_t rows_;
};

// Rows while an aggregate collects them. Merging is exact: a fit depends on the set of rows only.
class PreprocessorState final : public State {
public:
    static constexpr std::string_view kKind = "preprocessor";

    PreprocessorState(std::size_t features, PreprocessorParams params) : params_(params), data_(features) {}

    void add(const double* row, const Host& host) { data_.add(row, host); }
    void merge(const PreprocessorState& other, Host& host);
    Preprocessor fit(Host& host) const { return Preprocessor::fit(data_, params_, host); }

    const FeatureRows& data() const { return data_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static PreprocessorState decode(Reader& in);

private:
    PreprocessorParams params_;
    FeatureRows data_;
};

}  // namespace ecom::core

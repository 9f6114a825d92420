#include "core/stats/preprocessor.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

bool takes_logarithms(PowerTransform transform) {
    return transform == PowerTransform::kLog || transform == PowerTransform::kBoxCox;
}

double transformed(const PreprocessedColumn& column, double x) {
    switch (column.transform) {
        case PowerTransform::kNone: return x;
        case PowerTransform::kLog: return std::log(x + column.shift);
        case PowerTransform::kBoxCox: return box_cox(x + column.shift, column.lambda);
        case PowerTransform::kYeoJohnson: break;
    }
    return yeo_johnson(x, column.lambda);
}

bool is_valid(const PreprocessedColumn& column) {
    for (const double value : {column.shift, column.lambda, column.smallest, column.centre, column.scale})
        if (!std::isfinite(value)) return false;
    return column.scale > 0.0 && (!takes_logarithms(column.transform) || column.smallest + column.shift > 0.0);
}

}  // namespace

double PreprocessedColumn::apply(double x) const {
    if (takes_logarithms(transform)) x = std::max(x, smallest);
    return (transformed(*this, x) - centre) / scale;
}

double PreprocessedColumn::invert(double y) const {
    y = y * scale + centre;
    switch (transform) {
        case PowerTransform::kNone: return y;
        case PowerTransform::kLog: return std::exp(y) - shift;
        case PowerTransform::kBoxCox: return box_cox_inverse(y, lambda) - shift;
        case PowerTransform::kYeoJohnson: break;
    }
    return yeo_johnson_inverse(y, lambda);
}

PreprocessedColumn fit_column(DistinctValues distinct, const PreprocessorParams& params, Host& host) {
    PreprocessedColumn column;
    column.smallest = distinct.values.front();
    if (distinct.values.size() > 1) column.transform = params.transform;
    if (takes_logarithms(column.transform)) column.shift = positive_shift(column.smallest);
    if (column.transform == PowerTransform::kBoxCox)
        column.lambda = fit_box_cox(distinct, column.shift, host).lambda;
    if (column.transform == PowerTransform::kYeoJohnson) column.lambda = fit_yeo_johnson(distinct, host).lambda;
    PollEvery poll(host);
    for (double& value : distinct.values) {
        poll();
        value = transformed(column, value);
    }
    const Scaling scaling = fit_scaling(distinct, params.scaling, host);
    column.centre = scaling.centre;
    column.scale = scaling.scale;
    return column;
}

Preprocessor::Preprocessor(std::vector<PreprocessedColumn> columns, PreprocessorParams params, std::int64_t rows)
    : columns_(std::move(columns)), params_(params), rows_(rows) {
    check_features(columns_.size());
    if (rows_ < 1 || !std::all_of(columns_.begin(), columns_.end(), is_valid))
        throw Error(ErrorCode::kInvalidArgument, "columns of a preprocessor must be finite with positive scales");
}

Preprocessor Preprocessor::fit(const FeatureRows& data, const PreprocessorParams& params, Host& host) {
    return fit(data, {}, params, host);
}

Preprocessor Preprocessor::fit(const FeatureRows& data, const std::vector<double>& counts, const PreprocessorParams& params, Host& host) {
    const std::size_t n = data.rows();
    if (n == 0) throw Error(ErrorCode::kNotEnoughData, "there are no rows to fit");
    // Of a column under work: its values, what sorting them takes, distinct values, counts and logarithms.
    constexpr std::size_t kCopies = 6;
    const std::size_t at_a_time = std::min(data.features(), static_cast<std::size_t>(host.max_threads()));
    require_memory(host, mul_size(add_size(data.features(), kCopies * at_a_time), mul_size(n, sizeof(double))),
                   "fitting " + std::to_string(data.features()) + " columns of " + std::to_string(n) + " rows");
    std::vector<PreprocessedColumn> columns(data.features());
    parallel_for(host, columns.size(), [&](std::size_t i, Host& worker) {
        try {
            std::vector<double> values = data.column(i, worker);
            columns[i] = fit_column(counts.empty() ? distinct_values(std::move(values), worker) : distinct_values(values, counts, worker),
                                    params, worker);
        } catch (const Error& e) {
            throw Error(e.code(), "feature " + std::to_string(i + 1) + ": " + e.what(), e.hint(), e.detail());
        }
    });
    const double rows = counts.empty() ? static_cast<double>(n) : std::accumulate(counts.begin(), counts.end(), 0.0);
    return Preprocessor(std::move(columns), params, static_cast<std::int64_t>(rows));
}

void Preprocessor::apply(const double* from, double* to) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) to[i] = columns_[i].apply(from[i]);
}

void Preprocessor::invert(const double* from, double* to) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) to[i] = columns_[i].invert(from[i]);
}

Document Preprocessor::body() const {
    Document::Strings transforms;
    Document::Doubles shifts, lambdas, smallest, centres, scales;
    for (const PreprocessedColumn& column : columns_) {
        transforms.emplace_back(name_of(column.transform));
        shifts.push_back(column.shift);
        lambdas.push_back(column.lambda);
        smallest.push_back(column.smallest);
        centres.push_back(column.centre);
        scales.push_back(column.scale);
    }
    return Document::object()
        .set("rows", Document(rows_))
        .set("transform", Document(std::string(name_of(params_.transform))))
        .set("scaling", Document(std::string(name_of(params_.scaling))))
        .set("transforms", Document(std::move(transforms)))
        .set("shifts", Document(std::move(shifts)))
        .set("lambdas", Document(std::move(lambdas)))
        .set("smallest", Document(std::move(smallest)))
        .set("centres", Document(std::move(centres)))
        .set("scales", Document(std::move(scales)));
}

Document Preprocessor::summary() const {
    return Document::object()
        .set("rows", Document(rows_))
        .set("features", Document(static_cast<std::int64_t>(features())))
        .set("transform", Document(std::string(name_of(params_.transform))))
        .set("scaling", Document(std::string(name_of(params_.scaling))));
}

Preprocessor Preprocessor::from_document(const Document& body) {
    try {
        const PreprocessorParams params{parse_power_transform(body.at("transform").as_string()),
                                        parse_scaling(body.at("scaling").as_string())};
        const Document::Strings transforms = body.at("transforms").as_strings();
        const std::size_t features = transforms.size();
        const auto numbers = [&](const char* name) {
            Document::Doubles values = body.at(name).as_doubles();
            if (values.size() != features)
                throw Error(ErrorCode::kCorruptValue, "arrays of a preprocessor have different lengths");
            return values;
        };
        const auto shifts = numbers("shifts"), lambdas = numbers("lambdas"), smallest = numbers("smallest"),
                   centres = numbers("centres"), scales = numbers("scales");
        std::vector<PreprocessedColumn> columns;
        for (std::size_t i = 0; i < features; ++i)
            columns.push_back({parse_power_transform(transforms[i]), shifts[i], lambdas[i], smallest[i], centres[i],
                               scales[i]});
        return Preprocessor(std::move(columns), params, body.at("rows").as_int());
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(), "Restore the model from a backup, or fit it again.");
    }
}

std::unique_ptr<Model> Preprocessor::decode(const Document& body, int) {
    return std::make_unique<Preprocessor>(from_document(body));
}

void PreprocessorState::merge(const PreprocessorState& other, Host& host) {
    if (other.params_.transform != params_.transform || other.params_.scaling != params_.scaling)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    data_.merge(other.data_, host);
}

void PreprocessorState::encode(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(params_.transform));
    out.u8(static_cast<std::uint8_t>(params_.scaling));
    data_.encode(out);
}

PreprocessorState PreprocessorState::decode(Reader& in) {
    const std::uint8_t transform = in.u8();
    const std::uint8_t scaling = in.u8();
    if (transform > static_cast<std::uint8_t>(PowerTransform::kYeoJohnson) ||
        scaling > static_cast<std::uint8_t>(ScalingMethod::kRobust))
        Reader::corrupt();
    PreprocessorState state(1, {static_cast<PowerTransform>(transform), static_cast<ScalingMethod>(scaling)});
    state.data_ = FeatureRows::decode(in);
    in.expect_end();
    return state;
}

}  // namespace ecom::core

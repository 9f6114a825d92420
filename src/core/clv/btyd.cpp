#include "core/clv/btyd.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct FamilyName {
    BtydFamily family;
    std::string_view name;
};
constexpr FamilyName kFamilies[] = {{BtydFamily::kBgNbd, "bg_nbd"},
                                    {BtydFamily::kMbgNbd, "mbg_nbd"},
                                    {BtydFamily::kParetoNbd, "pareto_nbd"},
                                    {BtydFamily::kNbd, "nbd"}};
constexpr std::string_view kStatusNames[] = {"converged", "dropout_not_identified", "boundary"};
constexpr double kMostOrders = 1e6;

}  // namespace

BtydFamily parse_btyd_family(std::string_view name) {
    for (const auto& f : kFamilies)
        if (f.name == name) return f.family;
    throw Error(ErrorCode::kInvalidArgument, "unknown method \"" + std::string(name) + "\"",
                "Use bg_nbd, mbg_nbd, pareto_nbd or nbd.");
}

std::string_view btyd_family_name(BtydFamily family) { return kFamilies[static_cast<std::size_t>(family)].name; }

std::string_view btyd_status_name(BtydStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

std::vector<std::string> btyd_parameter_names(BtydFamily family) {
    switch (family) {
        case BtydFamily::kParetoNbd: return {"r", "alpha", "s", "beta"};
        case BtydFamily::kNbd: return {"r", "alpha"};
        default: return {"r", "alpha", "a", "b"};
    }
}

void History::check() const {
    if (!std::isfinite(frequency) || !std::isfinite(recency) || !std::isfinite(age))
        throw Error(ErrorCode::kNonFiniteInput, "frequency, recency and age must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    if (frequency < 0 || recency < 0 || age < 0)
        throw Error(ErrorCode::kInvalidArgument, "frequency, recency and age must not be negative",
                    "frequency counts repeat orders; recency and age are counted from the first order.");
    if (frequency != std::floor(frequency) || frequency > kMostOrders)
        throw Error(ErrorCode::kInvalidArgument, "frequency must be a whole number of at most 1000000",
                    "frequency counts the days with an order after the first one.");
    if (recency > age)
        throw Error(ErrorCode::kInvalidArgument, "recency is longer than age",
                    "recency is the time from the first to the last order, not the time since the last order.");
    if ((frequency > 0) != (recency > 0))
        throw Error(ErrorCode::kInvalidArgument,
                    frequency > 0 ? "a customer with repeat orders must have a recency above zero"
                                  : "a customer without repeat orders must have recency zero",
                    "Count the orders of one day as one, as ecom.order_history does.");
}

BtydModel::BtydModel(BtydFit fit) : fit_(std::move(fit)) {
    bool valid = fit_.parameters.size() == btyd_parameter_names(fit_.family).size() &&
                 fit_.standard_errors.size() == fit_.parameters.size();
    for (const double p : fit_.parameters) valid = valid && std::isfinite(p) && p > 0;
    if (!valid) throw Error(ErrorCode::kInvalidArgument, "parameters of the model must be positive and finite");
}

Document BtydModel::body() const {
    Document body = Document::object();
    body.set("method", Document(std::string(btyd_family_name(fit_.family))))
        .set("requested_method", Document(std::string(btyd_family_name(fit_.requested))))
        .set("status", Document(std::string(btyd_status_name(fit_.status))))
        .set("parameters", Document(fit_.parameters));
    // NaN has no JSON form: an empty list says that the errors are not known.
    const bool known = !fit_.standard_errors.empty() && std::isfinite(fit_.standard_errors.front());
    body.set("standard_errors", Document(known ? fit_.standard_errors : std::vector<double>{}))
        .set("log_likelihood", Document(fit_.log_likelihood))
        .set("customers", Document(fit_.customers))
        .set("repeat_orders", Document(fit_.repeat_orders))
        .set("evaluations", Document(static_cast<std::int64_t>(fit_.evaluations)));
    return body;
}

Document BtydModel::summary() const {
    Document summary = Document::object();
    const Document all = body();
    for (const auto& [name, field] : all.as_fields())
        if (name != "parameters" && name != "standard_errors") summary.set(name, field);
    const auto names = btyd_parameter_names(fit_.family);
    Document parameters = Document::object(), errors = Document::object();
    for (std::size_t i = 0; i < names.size(); ++i) {
        parameters.set(names[i], Document(fit_.parameters[i]));
        errors.set(names[i], std::isfinite(fit_.standard_errors[i]) ? Document(fit_.standard_errors[i]) : Document());
    }
    summary.set("parameters", parameters).set("standard_errors", errors);
    return summary;
}

std::unique_ptr<Model> BtydModel::decode(const Document& body, int) {
    try {
        BtydFit fit{};
        fit.family = parse_btyd_family(body.at("method").as_string());
        fit.requested = parse_btyd_family(body.at("requested_method").as_string());
        const std::string& status = body.at("status").as_string();
        std::size_t s = 0;
        while (s < std::size(kStatusNames) && kStatusNames[s] != status) ++s;
        if (s == std::size(kStatusNames)) Reader::corrupt();
        fit.status = static_cast<BtydStatus>(s);
        fit.parameters = body.at("parameters").as_doubles();
        fit.standard_errors = body.at("standard_errors").as_doubles();
        if (fit.standard_errors.empty()) fit.standard_errors.assign(fit.parameters.size(), std::nan(""));
        fit.log_likelihood = body.at("log_likelihood").as_double();
        fit.customers = body.at("customers").as_int();
        fit.repeat_orders = body.at("repeat_orders").as_int();
        fit.evaluations = static_cast<int>(body.at("evaluations").as_int());
        return std::make_unique<BtydModel>(std::move(fit));
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(), "Restore the model from a backup, or fit it again.");
    }
}

void BtydState::add(const History& h, const Host& host) {
    h.check();
    histories_.add({h.frequency, h.recency, h.age}, 1, host);
}

void BtydState::merge(const BtydState& other, Host& host) {
    if (other.family_ != family_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    histories_.merge(other.histories_, host);
}

BtydModel BtydState::fit(Host& host) const { return BtydModel(fit_btyd(family_, histories_.sorted(host), host)); }

void BtydState::encode(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(family_));
    histories_.encode(out);
}

BtydState BtydState::decode(Reader& in) {
    const std::uint8_t family = in.u8();
    if (family >= std::size(kFamilies)) Reader::corrupt();
    BtydState state(static_cast<BtydFamily>(family));
    state.histories_ = PatternTable::decode(in);
    bool valid = true;
    state.histories_.for_each([&](const Pattern& p) {
        try {
            History{p.value[0], p.value[1], p.value[2]}.check();
        } catch (const Error&) {
            valid = false;
        }
    });
    if (!valid) Reader::corrupt();
    return state;
}

}  // namespace ecom::core

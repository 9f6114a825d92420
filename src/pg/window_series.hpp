// The partition of a window function, row by row or as a series.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "pg/args.hpp"
#include "pg/call_site.hpp"
#include "pg/host.hpp"

extern "C" {
#include "windowapi.h"
}

namespace ecom::pg {

// The arguments of any row of a partition, read one row after the other. What reading allocates goes to a memory context
// of its own: arguments are evaluated where the caller is, and a million arrays would stay until the partition's end.
class PartitionRows {
public:
    PartitionRows(WindowObject window, core::Host& host)
        : window_(window),
          host_(host),
          count_(static_cast<int>(call([&] { return WinGetPartitionRowCount(window); }))),
          context_(call([] { return AllocSetContextCreate(CurrentMemoryContext, "rows of a partition", ALLOCSET_SMALL_SIZES); })),
          previous_(MemoryContextSwitchTo(context_)) {}
    PartitionRows(const PartitionRows&) = delete;
    PartitionRows& operator=(const PartitionRows&) = delete;
    ~PartitionRows() {
        MemoryContextSwitchTo(previous_);
        MemoryContextDelete(context_);
    }

    int count() const { return count_; }

    // What was read of another row is gone then.
    std::optional<Datum> argument(int row, int arg) {
        if (row != row_) {
            host_.poll();
            MemoryContextReset(context_);
            row_ = row;
        }
        bool is_null;
        const Datum datum = call([&] {
            bool is_out;
            return WinGetFuncArgInPartition(window_, arg, row, WINDOW_SEEK_HEAD, false, &is_null, &is_out);
        });
        return is_null ? std::nullopt : std::optional<Datum>(datum);
    }

private:
    WindowObject window_;
    core::Host& host_;
    int count_;
    int row_ = -1;
    MemoryContext context_;
    MemoryContext previous_;
};

// Argument `arg` of every row of the partition: what `convert` makes of it, a Datum or nothing for NULL.
template <typename T, typename Convert>
std::vector<T> window_column(WindowObject window, int arg, core::Host& host, Convert convert) {
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(rows));
    for (int64 row = 0; row < rows; ++row) {
        bool is_null;
        const Datum datum = call([&] {
            bool is_out;
            return WinGetFuncArgInPartition(window, arg, static_cast<int>(row), WINDOW_SEEK_HEAD, false, &is_null, &is_out);
        });
        host.poll();
        values.push_back(convert(is_null ? std::nullopt : std::optional<Datum>(datum)));
    }
    return values;
}

// Argument `arg`, a float8, of every row of the partition, NaN for NULL. Throws kNonFiniteInput for NaN.
inline std::vector<double> window_series(WindowObject window, int arg, core::Host& host) {
    return window_column<double>(window, arg, host, [](std::optional<Datum> datum) {
        if (!datum) return std::numeric_limits<double>::quiet_NaN();
        const double value = DatumGetFloat8(*datum);
        // In the core NaN stands for a missing value.
        if (std::isnan(value))
            throw core::Error(core::ErrorCode::kNonFiniteInput, "values of a series must be finite",
                              "Turn NaN values into NULL.");
        return value;
    });
}

// Arguments of the partition's first row, in which a window function finds its parameters.
class WindowParams {
public:
    explicit WindowParams(WindowObject window) : window_(window) {}

    std::optional<Datum> optional(int arg) const {
        bool is_null;
        const Datum value = call([&] { return WinGetFuncArgCurrent(window_, arg, &is_null); });
        return is_null ? std::nullopt : std::optional<Datum>(value);
    }

    Datum required(int arg, const char* name) const {
        if (const auto value = optional(arg)) return *value;
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          std::string("argument \"") + name + "\" must not be NULL",
                          "Pass a value, or leave the argument out where it has a default.");
    }

private:
    WindowObject window_;
};

// What a window function computes for a whole partition at its first row.
template <typename Result, typename Make>
const Result& partition_result(WindowObject window, Make make) {
    struct Slot {
        Result* result;
    };
    auto* slot = call([&] { return static_cast<Slot*>(WinGetPartitionLocalMemory(window, sizeof(Slot))); });
    if (slot->result == nullptr) {
        const MemoryContext context = call([&] { return GetMemoryChunkContext(slot); });
        slot->result = own_by_context(context, std::make_unique<Result>(make()));
    }
    return *slot->result;
}

}  // namespace ecom::pg

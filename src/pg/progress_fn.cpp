#include "pg/progress.hpp"

#include <cstring>

#include "pg/boundary.hpp"
#include "pg/results.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "commands/progress.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
}

namespace ecom::pg {
namespace {

// "ECOM" as a number: far from the built-in commands, which count up from 0.
constexpr auto kCommand = static_cast<ProgressCommandType>(0x45434F4D);

// Slots of st_progress_param. Texts travel as their bytes: eight to a slot, zero-padded.
constexpr int kDone = 0;
constexpr int kTotal = 1;
constexpr int kStep = 2;   // 4 slots
constexpr int kPhase = 6;  // 6 slots
constexpr int kStepSlots = 4;
constexpr int kPhaseSlots = 6;
static_assert(kPhase + kPhaseSlots <= PGSTAT_NUM_PROGRESS_PARAM);

bool reporting() { return MyBEEntry != nullptr && MyBEEntry->st_progress_command == kCommand; }

void publish_text(int first_slot, int slots, const text* value) {
    const char* bytes = VARDATA_ANY(value);
    // The slot is cut at a character boundary, so that a reader never sees half a character.
    const int length = pg_mbcliplen(bytes, static_cast<int>(VARSIZE_ANY_EXHDR(value)), slots * 8);
    for (int slot = 0; slot < slots; ++slot) {
        std::int64_t packed = 0;
        const int begin = slot * 8;
        if (begin < length) std::memcpy(&packed, bytes + begin, std::min(8, length - begin));
        pgstat_progress_update_param(first_slot + slot, packed);
    }
}

text* published_text(const int64* params, int first_slot, int slots) {
    char bytes[64];
    std::memcpy(bytes, params + first_slot, static_cast<std::size_t>(slots) * 8);
    const std::size_t length = strnlen(bytes, static_cast<std::size_t>(slots) * 8);
    return cstring_to_text_with_len(bytes, static_cast<int>(length));
}

}  // namespace

void report_progress_counts(std::int64_t done, std::int64_t total) {
    if (!reporting()) return;
    pgstat_progress_update_param(kDone, done);
    if (total > 0) pgstat_progress_update_param(kTotal, total);
}

}  // namespace ecom::pg

using namespace ecom::pg;

// (mart oid, step text, phase text, done bigint, total bigint) returns void
ECOM_FUNCTION(ecom_report_progress) {
    call([&] {
        // Statements inside a step, ANALYZE for one, report under their own command and clear ours.
        if (!reporting()) pgstat_progress_start_command(kCommand, PG_GETARG_OID(0));
        publish_text(kStep, kStepSlots, PG_GETARG_TEXT_PP(1));
        publish_text(kPhase, kPhaseSlots, PG_GETARG_TEXT_PP(2));
        pgstat_progress_update_param(kDone, PG_GETARG_INT64(3));
        pgstat_progress_update_param(kTotal, PG_GETARG_INT64(4));
    });
    PG_RETURN_VOID();
}

ECOM_FUNCTION(ecom_end_progress) {
    if (reporting()) call([] { pgstat_progress_end_command(); });
    PG_RETURN_VOID();
}

// Rows of the view ecom.progress: (pid, mart oid, step, phase, done, total). A session sees its own
// rows and those of roles whose privileges it has, as in pg_stat_activity.
ECOM_FUNCTION(ecom_progress) {
    RowSink rows(fcinfo);
    const int backends = call([] { return pgstat_fetch_stat_numbackends(); });
    for (int i = 1; i <= backends; ++i) {
        call([&] {
            const LocalPgBackendStatus* local = backend_entry(i);
            if (local == nullptr) return;
            const PgBackendStatus& entry = local->backendStatus;
            if (entry.st_progress_command != kCommand || entry.st_databaseid != MyDatabaseId)
                return;
            if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) &&
                !has_privs_of_role(GetUserId(), entry.st_userid))
                return;
            const int64* params = entry.st_progress_param;
            const Datum values[6] = {
                Int32GetDatum(entry.st_procpid),
                ObjectIdGetDatum(entry.st_progress_command_target),
                PointerGetDatum(published_text(params, kStep, kStepSlots)),
                PointerGetDatum(published_text(params, kPhase, kPhaseSlots)),
                Int64GetDatum(params[kDone]),
                Int64GetDatum(params[kTotal]),
            };
            const bool nulls[6] = {};
            rows.put_unguarded(values, nulls);
        });
    }
    return static_cast<Datum>(0);
}

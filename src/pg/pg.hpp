// The one way to include PostgreSQL from C++.
#pragma once

extern "C" {
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
}

// Macros that break C++ and library headers included after this one.
#undef Min
#undef Max
#undef Abs
#undef gettext
#undef ngettext
#undef dgettext
#undef dngettext

#include "pg/compat.hpp"

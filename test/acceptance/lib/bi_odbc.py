"""What an ODBC client sees of the schema shop: bi_odbc.py catalog | keys | values RELATION...

The connection is that of the PG* environment. Values are printed as COPY ... CSV prints them.
"""
import csv
import datetime
import os
import sys

import pyodbc


def text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ").rstrip("0").removesuffix(".") if value.microsecond else value.isoformat(sep=" ")
    return str(value)


def main():
    connection = pyodbc.connect(
        "Driver={{PostgreSQL Unicode}};Servername={PGHOST};Port={PGPORT};Database={PGDATABASE};UserName={PGUSER};"
        "BoolsAsChar=0;MaxLongVarcharSize=0".format(**os.environ),
        autocommit=True,
    )
    cursor = connection.cursor()
    out = csv.writer(sys.stdout, lineterminator="\n")
    if sys.argv[1] == "catalog":
        relations = [row.table_name for row in cursor.tables(schema="shop").fetchall()]
        for relation in relations:
            for column in cursor.columns(schema="shop", table=relation).fetchall():
                out.writerow([relation, column.column_name, column.type_name])
    elif sys.argv[1] == "keys":
        for relation in [row.table_name for row in cursor.tables(schema="shop", tableType="TABLE").fetchall()]:
            for key in cursor.primaryKeys(schema="shop", table=relation).fetchall():
                out.writerow([relation, key.column_name])
    else:
        for relation in sys.argv[2:]:
            columns = [row.column_name for row in cursor.columns(schema="shop", table=relation).fetchall()]
            order = ", ".join(str(n + 1) for n in range(len(columns)))
            names = ", ".join('"%s"' % name for name in columns)
            for row in cursor.execute('select %s from shop."%s" order by %s limit 200' % (names, relation, order)):
                out.writerow([relation, *(text(value) for value in row)])


main()

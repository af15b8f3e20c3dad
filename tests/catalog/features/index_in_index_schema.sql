CREATE SCHEMA "A b";
CREATE TABLE "A b".t (a int);
CREATE INDEX i ON "A b".t (a);
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);

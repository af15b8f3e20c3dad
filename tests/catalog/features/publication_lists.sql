-- requires: 15
CREATE SCHEMA "S %:x";
CREATE TABLE "S %:x".t (id int);
CREATE TABLE t (id int PRIMARY KEY, "B b" text, c boolean, d int GENERATED ALWAYS AS (1) STORED);
CREATE PUBLICATION filtered FOR TABLE t ("B b", id) WHERE (id > 0 AND "B b" <> ':x 50%');
CREATE PUBLICATION of_boolean FOR TABLE t WHERE (c) WITH (publish = 'insert');
CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA "S %:x", public WITH (publish = '');
CREATE PUBLICATION of_both FOR TABLES IN SCHEMA "S %:x", TABLE t;

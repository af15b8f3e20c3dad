CREATE SCHEMA "Seq s";
CREATE SEQUENCE "Seq s"."N%:x";
CREATE TABLE t (id bigint DEFAULT nextval('"Seq s"."N%:x"') PRIMARY KEY, other bigint DEFAULT nextval(('"Seq s"."N%:x"'::text)::regclass));

-- requires: extension citext
CREATE SCHEMA "Ext s";
CREATE EXTENSION citext SCHEMA "Ext s";
CREATE TABLE t (a "Ext s".citext PRIMARY KEY DEFAULT 'X', b "Ext s".citext[]);
CREATE INDEX i ON t (a) WHERE a OPERATOR("Ext s".<>) 'y'::"Ext s".citext;

CREATE SCHEMA "select";
CREATE TABLE "select"."table" ("user" int PRIMARY KEY, "order" text, "from" int, "default" int DEFAULT 1, "check" int CHECK ("check" > 0), "end" date, "group" text[]);
CREATE TABLE "user" ("all" int REFERENCES "select"."table", "primary" int UNIQUE);
CREATE INDEX "index" ON "user" ("all", "primary");
CREATE VIEW "view" AS SELECT "user", "order" AS "case" FROM "select"."table";

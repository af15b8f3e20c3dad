CREATE SCHEMA "My ""App""";
CREATE TYPE "My ""App"""."Ty.pe" AS ENUM ('a');
CREATE TABLE "My ""App"""."Ta""ble" ("Co.l""umn" int PRIMARY KEY, "a b" "My ""App"""."Ty.pe", "%" text, ":x" text, "a%(s)s" int);
CREATE TABLE "My ""App"""."child.of" ("Ref" int CONSTRAINT "F""k.%:x" REFERENCES "My ""App"""."Ta""ble", "$1" int);
CREATE INDEX "In.d""ex %:x" ON "My ""App"""."Ta""ble" ("%", lower(":x"));
CREATE VIEW "My ""App"""."Vi""ew" AS SELECT "a b", "%" AS ":y" FROM "My ""App"""."Ta""ble";
CREATE FUNCTION "My ""App"""."Fu""nc"("Ar g" int) RETURNS int LANGUAGE sql AS 'SELECT "Ar g"';

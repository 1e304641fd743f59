PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations VALUES(1,'quintanas.archive','m001_crawl','2026-11-23 23:32:21.595317+00:00');
INSERT INTO _sqlite_migrations VALUES(2,'quintanas.archive','m002_articles','2026-11-23 23:32:21.595633+00:00');
INSERT INTO _sqlite_migrations VALUES(3,'quintanas.archive','m003_reports','2026-11-23 23:32:21.595832+00:00');
CREATE TABLE sources (
            id TEXT PRIMARY KEY,            -- the newspaper's table in sources.toml
            name TEXT NOT NULL,             -- as readers know it
            home TEXT,                      -- its home page
            country TEXT,                   -- ISO 3166-1 alpha-2
            region TEXT,                    -- "department/province" that it mostly reports on
            timezone TEXT,                  -- IANA name
            language TEXT,                  -- ISO 639-1
            configured INTEGER NOT NULL DEFAULT 1, -- 0: no longer in the configuration, its articles kept
            configuration TEXT NOT NULL,    -- everything that the configuration says of it, as JSON
            added TEXT NOT NULL,
            updated TEXT NOT NULL
        );
INSERT INTO sources VALUES('farol','El Farol de Salaverry','http://127.0.0.1:35453/index.html','PE','La Libertad/Trujillo','America/Lima','es',1,'{"country": "PE", "home": "http://127.0.0.1:35453/index.html", "id": "farol", "language": "es", "name": "El Farol de Salaverry", "region": "La Libertad/Trujillo", "timezone": "America/Lima"}','2026-11-23T23:32:21+00:00','2026-11-23T23:32:21+00:00');
CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,             -- crawl, reextract, import …
            status TEXT NOT NULL DEFAULT 'running', -- running, finished, failed, interrupted
            started TEXT NOT NULL,
            finished TEXT,
            software TEXT NOT NULL,         -- version of Quintanas
            pid INTEGER NOT NULL
        );
INSERT INTO runs VALUES(1,'crawl','finished','2026-11-23T23:32:21+00:00','2026-11-23T23:32:21+00:00','0.1.0',2931);
CREATE TABLE run_sources (          -- the newspapers of a run
            run INTEGER NOT NULL REFERENCES runs(id),
            source TEXT NOT NULL REFERENCES sources(id),
            found INTEGER NOT NULL DEFAULT 0, -- articles that feeds, sitemaps, sections and links named in this run
            fresh INTEGER NOT NULL DEFAULT 0, -- of those, never heard of before
            PRIMARY KEY (run, source)
        ) WITHOUT ROWID;
INSERT INTO run_sources VALUES(1,'farol',7,7);
CREATE TABLE visits (               -- what became of every request
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs(id),
            source TEXT NOT NULL REFERENCES sources(id),
            url TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('discovery', 'article')),
            outcome TEXT NOT NULL CHECK (outcome IN ('stored', 'not_modified', 'skipped', 'failed', 'gone')),
            effect TEXT CHECK (effect IN ('new', 'changed', 'unchanged')), -- on the archive, where an article was stored
            reason TEXT,                    -- short and countable, null where all went well
            status INTEGER,                 -- HTTP
            bytes INTEGER NOT NULL DEFAULT 0,
            at TEXT NOT NULL
        );
INSERT INTO visits VALUES(1,1,'farol','http://127.0.0.1:35453/notas/nota81.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
INSERT INTO visits VALUES(2,1,'farol','http://127.0.0.1:35453/notas/nota86.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
INSERT INTO visits VALUES(3,1,'farol','http://127.0.0.1:35453/notas/nota91.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
INSERT INTO visits VALUES(4,1,'farol','http://127.0.0.1:35453/notas/nota87.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
INSERT INTO visits VALUES(5,1,'farol','http://127.0.0.1:35453/notas/nota92.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
INSERT INTO visits VALUES(6,1,'farol','http://127.0.0.1:35453/notas/nota96.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
INSERT INTO visits VALUES(7,1,'farol','http://127.0.0.1:35453/notas/nota98.html','article','stored','new',NULL,NULL,0,'2026-11-23T23:31:35+00:00');
CREATE TABLE addresses (            -- the frontier: every address known, and when its turn comes
            url TEXT PRIMARY KEY,
            source TEXT NOT NULL REFERENCES sources(id),
            kind TEXT NOT NULL CHECK (kind IN ('discovery', 'article')),
            via TEXT,                       -- what led to it: feed, sitemap, section, article
            state TEXT NOT NULL CHECK (state IN ('pending', 'fetched', 'skipped', 'failed', 'gone')),
            discovered TEXT NOT NULL,
            published TEXT,                 -- as stated by the page, else by what led to it
            modified TEXT,                  -- latest modification that anything stated
            fetched_modified TEXT,          -- `modified` as it was known at the last successful fetch
            last_visit TEXT,
            last_fetch TEXT,                -- last time that it answered well, changed or not
            last_full TEXT,                 -- last time that it sent its content
            next_due TEXT,                  -- next revisit or retry; null: none planned
            attempts INTEGER NOT NULL DEFAULT 0, -- failures since it last answered well
            etag TEXT,                      -- validators of the last good answer
            last_modified TEXT,
            seen_run INTEGER REFERENCES runs(id),   -- last run that found it
            handed_run INTEGER REFERENCES runs(id)  -- last run that was told to fetch it
        ) WITHOUT ROWID;
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota81.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-09-14T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota86.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-09-21T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota87.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-09-21T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota91.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-09-28T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota92.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-09-28T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota96.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-10-12T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
INSERT INTO addresses VALUES('http://127.0.0.1:35453/notas/nota98.html','farol','article','feed','fetched','2026-11-23T23:32:21+00:00','2026-10-19T05:00:00+00:00',NULL,NULL,'2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',NULL,0,NULL,NULL,1,1);
CREATE TABLE articles (
            id INTEGER PRIMARY KEY,
            url TEXT NOT NULL UNIQUE,       -- canonical: the article's identity
            source TEXT NOT NULL REFERENCES sources(id),
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL,        -- last time that the page was read or said to be unchanged
            current_version INTEGER REFERENCES article_versions(id),
            gone_at TEXT                    -- since when the page answers 404 or 410; the text is kept
        );
INSERT INTO articles VALUES(1,'http://127.0.0.1:35453/notas/nota81.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',1,NULL);
INSERT INTO articles VALUES(2,'http://127.0.0.1:35453/notas/nota86.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',2,NULL);
INSERT INTO articles VALUES(3,'http://127.0.0.1:35453/notas/nota91.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',3,NULL);
INSERT INTO articles VALUES(4,'http://127.0.0.1:35453/notas/nota87.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',4,NULL);
INSERT INTO articles VALUES(5,'http://127.0.0.1:35453/notas/nota92.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',5,NULL);
INSERT INTO articles VALUES(6,'http://127.0.0.1:35453/notas/nota96.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',6,NULL);
INSERT INTO articles VALUES(7,'http://127.0.0.1:35453/notas/nota98.html','farol','2026-11-23T23:31:35+00:00','2026-11-23T23:31:35+00:00',7,NULL);
CREATE TABLE article_versions (
            id INTEGER PRIMARY KEY,
            article INTEGER NOT NULL REFERENCES articles(id),
            run INTEGER NOT NULL REFERENCES runs(id),
            hash TEXT NOT NULL,             -- SHA-256 of headline, lead, body and published instant
            fetched TEXT NOT NULL,
            fetched_url TEXT NOT NULL,      -- the address that answered, after redirects
            headline TEXT NOT NULL,
            lead TEXT,
            body TEXT NOT NULL,
            published TEXT,                 -- in the newspaper's own zone
            published_from TEXT,            -- the signal that gave it
            modified TEXT,
            section TEXT,
            language TEXT,
            dateline TEXT,
            location_created TEXT,
            links TEXT NOT NULL             -- other stories that it links to, a JSON list
        );
INSERT INTO article_versions VALUES(1,1,1,'ef23e66a3c30721b95e05a779c6a4b7ef9ff4666c0abede81bb9b66aa55ee669','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota81.html','Vendían delfín por toyo: decomisan 200 kilos en Pacasmayo',NULL,replace('Gato por liebre, pero en versión marina. Inspectores de pesca y efectivos de la comisaría decomisaron, la mañana del sábado 12, doscientos kilos de carne de delfín que dos comerciantes ofrecían como toyo en el mercado de Pacasmayo.\n\nEl engaño quedó al descubierto porque una bióloga que compraba para el ceviche notó el color demasiado oscuro de los filetes y avisó por teléfono. Al revisar las cámaras frigoríficas, los inspectores encontraron tres ejemplares enteros, uno de ellos una cría.\n\nLa caza y venta de cetáceos menores está prohibida en el país desde hace décadas y se castiga con cárcel de tres a cinco años. Los dos detenidos alegaron que se los compraron a un pescador de paso cuyo nombre no recuerdan.\n\nLa carne fue incinerada en el botadero. La fiscal ambiental adelantó que revisará las bitácoras de las embarcaciones. En los puestos vecinos, mientras tanto, nadie quería ya ni oír hablar de toyo.','\n',char(10)),'2026-09-14T00:00:00-05:00','text',NULL,NULL,'es','Pacasmayo',NULL,'[]');
INSERT INTO article_versions VALUES(2,2,1,'9d0b51a12dd446a5327138486e66630c8f69a12fb3a7cfe6ef3524d38ced07a4','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota86.html','Le volaron la puerta a un zapatero por no pagar cupo',NULL,replace('Ni los santos de la cómoda quedaron en pie. Casi a medianoche, el martes 15 de setiembre, la gentuza del cupo le reventó un dinamitazo en la puerta a un honrado zapatero de Río Seco, en El Porvenir, porque el hombre se plantó y dijo que de su bolsillo no saldría ni un centavo.\n\nLa señora de la casa relató que el fogonazo iluminó el cuarto y que pensó en el fin del mundo. Cuando bajaron, la sala era una polvareda y en la vereda había un cráter donde cabía una batea. Los chiquillos, de cuatro, siete y once años, lloraban abrazados al perro.\n\nCinco casas quedaron con los vidrios hechos añicos y un carro viejo perdió el parabrisas. Nadie salió lastimado, milagro que la familia atribuye a que esa noche durmieron todos en el cuarto del fondo.\n\nLos uniformados llegaron a los cuarenta minutos. Hasta hoy, ni rastro de los dinamiteros. El zapatero ya puso letrero: se vende.','\n',char(10)),'2026-09-21T00:00:00-05:00','text',NULL,NULL,'es','Trujillo',NULL,'[]');
INSERT INTO article_versions VALUES(3,3,1,'82b95854745a8cdeb6161aff653511af1f50affb1bb0da15c80d246b3d5999ed','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota91.html','Acribillado sobre su mototaxi por rebelarse contra el cupo',NULL,replace('Murió con la gorra puesta y el timón en las manos. A N. Q. L., padre de dos criaturas, un sicario imberbe lo cosió a plomo el viernes 25, casi a las diez de la noche, en la calle Atahualpa de Chepén, cuando aguardaba su última carrera para irse a descansar.\n\nCuatro balazos a quemarropa, dos de ellos en el pecho, según narraron sus compañeros de paradero, que no pudieron hacer otra cosa que cargarlo y volar al hospital. Allá los médicos movieron la cabeza: no había nada que hacer.\n\nTodos en el gremio saben de dónde vino la orden. El finado fue el primero que levantó la voz en la asamblea y pidió no entregar más los cinco soles diarios que cobra una pandilla con ínfulas de financiera. "Lo callaron para que aprendamos los demás", murmuró un viejo chofer.\n\nEl entierro será mañana en el cementerio local. Los mototaxistas bloquearon tres horas la entrada de la ciudad y juraron que no volverán a pagar.','\n',char(10)),'2026-09-28T00:00:00-05:00','text',NULL,NULL,'es','Chepén',NULL,'[]');
INSERT INTO article_versions VALUES(4,4,1,'3ba43531879b7c9657dce22fe6d4632c2fb0b82f485467b874b192aa6456b9ff','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota87.html','Asalto al paladar: la feria del ceviche reventó el puerto',NULL,replace('Fue un atentado contra cualquier dieta. Más de seis mil personas invadieron el sábado la plaza del puerto para la feria del ceviche, en la que veintidós cocineras se batieron a duelo con cuchillo en mano y limón en la otra.\n\nEl primer lugar fue para doña Zoila, quien mató de gusto al jurado con un ceviche de lapa y ají mochero. Reveló que su secreto está en no exprimir el limón hasta el final. El segundo puesto quedó en manos de dos hermanos de Moche, con una chita al ajo que era un crimen dejar en el plato.\n\nA las dos de la tarde ya no quedaba pescado y los visitantes tuvieron que conformarse con el caldo de cangrejo. Las ventas, calculan los organizadores, superaron los noventa mil soles.\n\nNo hubo un solo incidente, destacó el comisario, que de paso se comió tres platos. La feria volverá en verano, con concurso de decimistas y carrera de caballitos de totora.','\n',char(10)),'2026-09-21T00:00:00-05:00','text',NULL,NULL,'es','Salaverry',NULL,'[]');
INSERT INTO article_versions VALUES(5,5,1,'59e62c77fdeaf76efa0f62349764fe41b00a47361a09eff2ae306816fe04c100','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota92.html','Oleajes golpean el malecón y se comen la playa',NULL,replace('El mar viene bravo y cada noche le roba otro pedazo a la playa. Los oleajes anómalos de la última semana golpearon sin misericordia el malecón, tumbaron catorce metros de baranda y dejaron al descubierto los cimientos de la vieja aduana.\n\nLa Dirección de Hidrografía prevé que el fenómeno se mantendrá hasta el miércoles, con olas de tres metros y medio. El puerto permanece cerrado para embarcaciones menores y unos ciento ochenta pescadores no pueden salir a trabajar.\n\nLos vecinos de la primera fila han puesto sacos de arena y duermen con un ojo abierto. "Esto empezó cuando alargaron el molón; desde entonces la arena se quedó del otro lado", explica un antiguo capitán de remolcador, que guarda fotos de cuando había doscientos metros de orilla.\n\nLa municipalidad pidió rocas al gobierno regional y el gobierno regional pidió un estudio. El mar, que no sabe de trámites, no ha pedido permiso a nadie.','\n',char(10)),'2026-09-28T00:00:00-05:00','text',NULL,NULL,'es','Salaverry',NULL,'[]');
INSERT INTO article_versions VALUES(6,6,1,'5fb87dc46a9cd6aaa709739906aa2526d36347b914bc3e18674e56ac6310c988','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota96.html','La banda más temida del puerto cumple sesenta años',NULL,replace('Son veintiocho, andan siempre en grupo y cuando atacan no dejan dormir a nadie. La banda de músicos Estrella del Mar, la más antigua del puerto, celebró el sábado sesenta años de soplar procesiones, matrimonios y entierros.\n\nEl cabecilla se llama don Artemio, toca el bombardino y tiene ochenta y dos años. Empezó de chiquillo, golpeando una lata de manteca detrás de los mayores. "En esta banda se entra por cariño y no se sale ni muerto", bromea, y recuerda que a tres de los fundadores los enterraron tocándoles su marinera favorita.\n\nEn seis décadas han pasado por sus filas más de doscientos músicos, varios de ellos hoy en orquestas de Lima y de Santiago. Ninguno estudió en conservatorio; todos aprendieron de oído, en la sala de don Artemio.\n\nPara el aniversario dieron un golpe maestro: llenaron la plaza, agotaron la cerveza y pusieron a bailar hasta al párroco. Las clases para niños son gratis, los martes y jueves.','\n',char(10)),'2026-10-12T00:00:00-05:00','text',NULL,NULL,'es','Salaverry',NULL,'[]');
INSERT INTO article_versions VALUES(7,7,1,'1e33ade9eb21b8c803b249f8c8333151f27e66930e16283bf9883cfb8fc89bef','2026-11-23T23:31:35+00:00','http://127.0.0.1:35453/notas/nota98.html','¡Asalto a mano armada! Le robaron el partido a los porteños',NULL,replace('Ni con pasamontañas se habría visto un atraco tan descarado. Al Atlético Salaverry le robaron el partido el domingo en la cancha de Moche, y el autor del delito llevaba silbato en vez de pistola: el árbitro anuló dos goles legítimos y se inventó un penal en el minuto ochenta y ocho.\n\nEl primer gol, de cabeza, fue invalidado por una falta que solo vio el de negro. El segundo, por un supuesto fuera de juego de tres metros al revés. Y cuando los nuestros se conformaban con el empate, un delantero local se tiró a la piscina y el juez compró el boleto.\n\n"Nos mataron, nos apuñalaron por la espalda", bramó el entrenador, que terminó expulsado. La hinchada, justo es decirlo, se portó a la altura y solo arrojó chicha.\n\nLa dirigencia presentará un reclamo ante la liga con el video en la mano. Si la justicia deportiva existe, ese ladrón de ilusiones no debería volver a pitar ni en una pichanga.','\n',char(10)),'2026-10-19T00:00:00-05:00','text',NULL,NULL,'es','Salaverry',NULL,'[]');
CREATE TABLE extractions (          -- which extractor read which version; the latest replaces the one before
            version INTEGER PRIMARY KEY REFERENCES article_versions(id),
            extractor TEXT NOT NULL,
            at TEXT NOT NULL
        );
INSERT INTO extractions VALUES(1,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
INSERT INTO extractions VALUES(2,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
INSERT INTO extractions VALUES(3,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
INSERT INTO extractions VALUES(4,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
INSERT INTO extractions VALUES(5,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
INSERT INTO extractions VALUES(6,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
INSERT INTO extractions VALUES(7,'quintanas-es 0.1.0','2026-11-23T23:32:21+00:00');
CREATE TABLE reports (              -- one incident as one article tells it; nlp.report.IncidentReport
            id INTEGER PRIMARY KEY,
            version INTEGER NOT NULL REFERENCES extractions(version) ON DELETE CASCADE,
            position INTEGER NOT NULL,      -- 0: the article's main incident
            type TEXT NOT NULL,
            status TEXT NOT NULL,
            event TEXT NOT NULL,
            place_text TEXT,
            level TEXT NOT NULL,
            street TEXT,
            district TEXT,
            province TEXT,
            department TEXT,
            country TEXT,
            ubigeo TEXT,
            latitude REAL,
            longitude REAL,
            date TEXT,
            date_end TEXT,
            precision TEXT NOT NULL,
            part_of_day TEXT,
            confidence REAL NOT NULL,
            evidence TEXT NOT NULL,         -- field → zone, start, end, words, sentence, rule; JSON
            more TEXT,                      -- fields that this version of the archive has no column for; JSON
            UNIQUE (version, position)
        );
INSERT INTO reports VALUES(1,1,0,'other_crime','completed','police_action','mercado de Pacasmayo','facility',NULL,'Pacasmayo','Pacasmayo','La Libertad','PE','130704',-7.4011100000000000775,-79.572220000000001504,'2026-09-12',NULL,'day','mañana',0.9659999999999999698,'{"type": {"zone": "title", "start": 25, "end": 34, "words": "decomisan", "sentence": "Vendían delfín por toyo: decomisan 200 kilos en Pacasmayo", "rule": "seizure or raid"}, "place": {"zone": "text", "start": 222, "end": 242, "words": "mercado de Pacasmayo", "sentence": "Inspectores de pesca y efectivos de la comisaría decomisaron, la mañana del sábado 12, doscientos kilos de carne de delfín que dos comerciantes ofrecían como toyo en el mercado de Pacasmayo.", "rule": "in the sentence of the deed; after a preposition of place; headline"}, "date": {"zone": "text", "start": 115, "end": 138, "words": "la mañana del sábado 12", "sentence": "Inspectores de pesca y efectivos de la comisaría decomisaron, la mañana del sábado 12, doscientos kilos de carne de delfín que dos comerciantes ofrecían como toyo en el mercado de Pacasmayo.", "rule": "in the sentence of the police action; with a part of the day; weekday"}}',NULL);
INSERT INTO reports VALUES(2,2,0,'extortion','completed','crime','Río Seco','facility',NULL,'El Porvenir','Trujillo','La Libertad','PE','130102',-8.0880600000000004712,-78.997780000000005886,'2026-09-15',NULL,'day',NULL,0.9399999999999999467,'{"type": {"zone": "title", "start": 39, "end": 52, "words": "no pagar cupo", "sentence": "Le volaron la puerta a un zapatero por no pagar cupo", "rule": "extortion idiom"}, "place": {"zone": "text", "start": 184, "end": 192, "words": "Río Seco", "sentence": "Casi a medianoche, el martes 15 de setiembre, la gentuza del cupo le reventó un dinamitazo en la puerta a un honrado zapatero de Río Seco, en El Porvenir, porque el hombre se plantó y dijo que de su bolsillo no saldría ni un centavo.", "rule": "in the sentence of the deed; region"}, "date": {"zone": "text", "start": 74, "end": 99, "words": "el martes 15 de setiembre", "sentence": "Casi a medianoche, el martes 15 de setiembre, la gentuza del cupo le reventó un dinamitazo en la puerta a un honrado zapatero de Río Seco, en El Porvenir, porque el hombre se plantó y dijo que de su bolsillo no saldría ni un centavo.", "rule": "in the sentence of the deed; with a clock time; calendar"}}',NULL);
INSERT INTO reports VALUES(3,3,0,'homicide','completed','crime',NULL,'street','calle Atahualpa','Chepén','Chepén','La Libertad','PE','130401',-7.2275000000000000355,-79.429439999999999601,'2026-09-25',NULL,'day','noche',0.99199999999999999289,'{"type": {"zone": "title", "start": 0, "end": 11, "words": "Acribillado", "sentence": "Acribillado sobre su mototaxi por rebelarse contra el cupo", "rule": "killing verb"}, "place": {"zone": "text", "start": 182, "end": 197, "words": "calle Atahualpa", "sentence": "A N. Q. L., padre de dos criaturas, un sicario imberbe lo cosió a plomo el viernes 25, casi a las diez de la noche, en la calle Atahualpa de Chepén, cuando aguardaba su última carrera para irse a descansar.", "rule": "in the sentence of the deed; after a preposition of place; named"}, "date": {"zone": "text", "start": 132, "end": 145, "words": "el viernes 25", "sentence": "A N. Q. L., padre de dos criaturas, un sicario imberbe lo cosió a plomo el viernes 25, casi a las diez de la noche, en la calle Atahualpa de Chepén, cuando aguardaba su última carrera para irse a descansar.", "rule": "in the sentence of the deed; with a part of the day; weekday"}}',NULL);
INSERT INTO reports VALUES(4,4,0,'robbery','completed','crime',NULL,'district',NULL,'Moche','Trujillo','La Libertad','PE','130107',-8.1713900000000005974,-79.009169999999997457,'2026-09-19',NULL,'day',NULL,0.87800000000000000266,'{"type": {"zone": "title", "start": 0, "end": 6, "words": "Asalto", "sentence": "Asalto al paladar: la feria del ceviche reventó el puerto", "rule": "robbery name"}, "place": {"zone": "text", "start": 461, "end": 466, "words": "Moche", "sentence": "El segundo puesto quedó en manos de dos hermanos de Moche, con una chita al ajo que era un crimen dejar en el plato.", "rule": "named body; named"}, "date": {"zone": "text", "start": 88, "end": 97, "words": "el sábado", "sentence": "Más de seis mil personas invadieron el sábado la plaza del puerto para la feria del ceviche, en la que veintidós cocineras se batieron a duelo con cuchillo en mano y limón en la otra.", "rule": "named in the lead; weekday"}}',NULL);
INSERT INTO reports VALUES(5,5,0,'assault','completed','crime','playa. Los','facility',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'none',NULL,0.8149999999999999467,'{"type": {"zone": "title", "start": 8, "end": 15, "words": "golpean", "sentence": "Oleajes golpean el malecón y se comen la playa", "rule": "beating"}, "place": {"zone": "text", "start": 69, "end": 79, "words": "playa. Los", "sentence": "El mar viene bravo y cada noche le roba otro pedazo a la playa. Los", "rule": "in the sentence of the deed; open"}}',NULL);
INSERT INTO reports VALUES(6,7,0,'robbery','completed','crime','cancha de Moche','facility',NULL,'Moche','Trujillo','La Libertad','PE','130107',-8.1713900000000005974,-79.009169999999997457,'2026-10-18',NULL,'day',NULL,0.53500000000000003108,'{"type": {"zone": "title", "start": 8, "end": 21, "words": "a mano armada", "sentence": "¡Asalto a mano armada!", "rule": "robbery verb"}, "place": {"zone": "text", "start": 134, "end": 149, "words": "cancha de Moche", "sentence": "Al Atlético Salaverry le robaron el partido el domingo en la cancha de Moche, y el autor del delito llevaba silbato en vez de pistola: el árbitro anuló dos goles legítimos y se inventó un penal en el minuto ochenta y ocho.", "rule": "beside the sentence of the deed; after a preposition of place; named"}, "date": {"zone": "text", "start": 117, "end": 127, "words": "el domingo", "sentence": "Al Atlético Salaverry le robaron el partido el domingo en la cancha de Moche, y el autor del delito llevaba silbato en vez de pistola: el árbitro anuló dos goles legítimos y se inventó un penal en el minuto ochenta y ocho.", "rule": "beside the sentence of the deed; weekday"}}',NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX visits_run_source ON visits (run, source);
CREATE INDEX visits_source_at ON visits (source, at);
CREATE INDEX visits_url ON visits (url);
CREATE INDEX addresses_source_state_due ON addresses (source, state, next_due);
CREATE INDEX articles_source ON articles (source, first_seen);
CREATE INDEX articles_current ON articles (current_version);
CREATE INDEX article_versions_article ON article_versions (article);
COMMIT;

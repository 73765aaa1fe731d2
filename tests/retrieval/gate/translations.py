"""True translations of the sentences of `test_mutations`, as a careful translator writes them."""

from __future__ import annotations

LEAVE = "Employees may carry over at most 5 days of leave into the first 3 months of the next year."
BREACH = "The Supplier shall notify Globex of a breach within 72 hours, and shall not charge more than 2.5% of the fee."
INVOICES = "Invoices above EUR 10,000 must be approved by the Finance Director before 31 December 2025."
SECRETS = "The Receiving Party shall not disclose Confidential Information for a period of three (3) years."
REVENUE = "Total net revenues were $6,489 million in 2019 and $7,500 million in 2018."
LABORATORY = "As set out in Section 4.2, visitors should not enter the laboratory unless a guide is present."
DEPOSIT = "The Lessee must pay a deposit of CHF 1,200 to Acme Housing no later than 14 days after signing."
INTEREST = "Interest accrues at 50 basis points a month; it may never exceed 12 per cent a year."
TRAINING = "Contractors are not required to attend the training of 6 March 2026."
DATA = "Personal data may be kept for 24 months, but must be deleted on request."
NOTICE = "Either party can terminate this Agreement with 90 days' notice to the other party."
GIFTS = "Gifts worth more than 50 EUR are prohibited; smaller gifts need no approval."

TRANSLATIONS: tuple[tuple[str, str], ...] = (
    (LEAVE, "Mitarbeiter dürfen höchstens 5 Urlaubstage in die ersten 3 Monate des nächsten Jahres übertragen."),
    (LEAVE, "Les employés peuvent reporter au maximum 5 jours de congé sur les 3 premiers mois de l'année suivante."),
    (LEAVE,
     "Los empleados pueden trasladar como máximo 5 días de vacaciones a los primeros 3 meses del año "
     "siguiente."),
    (LEAVE, "I dipendenti possono riportare al massimo 5 giorni di ferie nei primi 3 mesi dell'anno successivo."),
    (LEAVE, "Os funcionários podem transferir no máximo 5 dias de férias para os primeiros 3 meses do ano seguinte."),
    (LEAVE, "Werknemers mogen hoogstens 5 dagen verlof meenemen naar de eerste 3 maanden van het volgende jaar."),
    (BREACH,
     "Der Lieferant muss Globex einen Verstoß innerhalb von 72 Stunden melden und darf nicht mehr als 2,5 "
     "% der Gebühr berechnen."),
    (BREACH,
     "Le fournisseur doit informer Globex d'une violation dans les 72 heures et ne doit pas facturer plus "
     "de 2,5 % des honoraires."),
    (BREACH,
     "El proveedor debe notificar a Globex una infracción en un plazo de 72 horas y no debe cobrar más del "
     "2,5 % de la tarifa."),
    (BREACH,
     "Il fornitore deve informare Globex di una violazione entro 72 ore e non deve addebitare più del 2,5% "
     "del compenso."),
    (BREACH,
     "O fornecedor deve notificar a Globex de uma violação no prazo de 72 horas e não deve cobrar mais de "
     "2,5% da taxa."),
    (BREACH,
     "De leverancier moet Globex binnen 72 uur van een inbreuk op de hoogte stellen en mag niet meer dan "
     "2,5% van de vergoeding in rekening brengen."),
    (INVOICES, "Rechnungen über 10.000 EUR müssen vor dem 31. Dezember 2025 vom Finanzdirektor genehmigt werden."),
    (INVOICES,
     "Les factures de plus de 10 000 EUR doivent être approuvées par le directeur financier avant le 31 "
     "décembre 2025."),
    (INVOICES,
     "Las facturas superiores a 10.000 EUR deben ser aprobadas por el director financiero antes del 31 de "
     "diciembre de 2025."),
    (INVOICES,
     "Le fatture superiori a 10.000 EUR devono essere approvate dal direttore finanziario prima del 31 "
     "dicembre 2025."),
    (INVOICES,
     "As faturas acima de 10.000 EUR devem ser aprovadas pelo diretor financeiro antes de 31 de dezembro "
     "de 2025."),
    (INVOICES,
     "Facturen boven 10.000 EUR moeten vóór 31 december 2025 door de financieel directeur worden "
     "goedgekeurd."),
    (SECRETS,
     "Die empfangende Partei darf vertrauliche Informationen für einen Zeitraum von drei (3) Jahren nicht "
     "offenlegen."),
    (SECRETS,
     "La partie destinataire ne doit pas divulguer d'informations confidentielles pendant une période de "
     "trois (3) ans."),
    (SECRETS, "La parte receptora no debe divulgar información confidencial durante un período de tres (3) años."),
    (SECRETS, "La parte ricevente non deve divulgare informazioni riservate per un periodo di tre (3) anni."),
    (SECRETS, "A parte recetora não deve divulgar informações confidenciais durante um período de três (3) anos."),
    (SECRETS,
     "De ontvangende partij mag gedurende een periode van drie (3) jaar geen vertrouwelijke informatie "
     "bekendmaken."),
    (REVENUE, "Der gesamte Nettoumsatz betrug 2019 6.489 Millionen US-Dollar und 2018 7.500 Millionen US-Dollar."),
    (REVENUE,
     "Le chiffre d'affaires net total était de 6 489 millions de dollars en 2019 et de 7 500 millions de "
     "dollars en 2018."),
    (REVENUE,
     "Los ingresos netos totales fueron de 6.489 millones de dólares en 2019 y de 7.500 millones de "
     "dólares en 2018."),
    (REVENUE,
     "I ricavi netti totali sono stati di 6.489 milioni di dollari nel 2019 e di 7.500 milioni di dollari "
     "nel 2018."),
    (REVENUE,
     "As receitas líquidas totais foram de 6.489 milhões de dólares em 2019 e de 7.500 milhões de dólares "
     "em 2018."),
    (REVENUE, "De totale netto-omzet bedroeg 6.489 miljoen dollar in 2019 en 7.500 miljoen dollar in 2018."),
    (LABORATORY,
     "Wie in Abschnitt 4.2 festgelegt, sollten Besucher das Labor nicht betreten, es sei denn, ein "
     "Begleiter ist anwesend."),
    (LABORATORY,
     "Comme indiqué à la section 4.2, les visiteurs ne devraient pas entrer dans le laboratoire, sauf si "
     "un guide est présent."),
    (LABORATORY,
     "Según la sección 4.2, los visitantes no deberían entrar en el laboratorio, salvo que un guía esté "
     "presente."),
    (LABORATORY,
     "Come previsto nella sezione 4.2, i visitatori non dovrebbero entrare nel laboratorio, a meno che non "
     "sia presente una guida."),
    (LABORATORY,
     "Conforme a secção 4.2, os visitantes não deveriam entrar no laboratório, salvo se um guia estiver "
     "presente."),
    (LABORATORY,
     "Zoals bepaald in artikel 4.2 zouden bezoekers het laboratorium niet moeten betreden, tenzij er een "
     "gids aanwezig is."),
    (DEPOSIT,
     "Der Mieter muss Acme Housing spätestens 14 Tage nach der Unterzeichnung eine Kaution von 1.200 CHF "
     "zahlen."),
    (DEPOSIT,
     "Le locataire doit verser une caution de 1 200 CHF à Acme Housing au plus tard 14 jours après la "
     "signature."),
    (DEPOSIT,
     "El arrendatario debe pagar una fianza de 1.200 CHF a Acme Housing a más tardar 14 días después de la "
     "firma."),
    (DEPOSIT,
     "Il conduttore deve versare una cauzione di 1.200 CHF ad Acme Housing al più tardi 14 giorni dopo la "
     "firma."),
    (DEPOSIT, "O locatário deve pagar uma caução de 1.200 CHF à Acme Housing o mais tardar 14 dias após a assinatura."),
    (DEPOSIT,
     "De huurder moet uiterlijk 14 dagen na ondertekening een waarborgsom van 1.200 CHF aan Acme Housing "
     "betalen."),
    (INTEREST, "Die Zinsen betragen 50 Basispunkte im Monat; sie dürfen 12 Prozent im Jahr nie überschreiten."),
    (INTEREST,
     "Les intérêts courent à 50 points de base par mois ; ils ne peuvent jamais dépasser 12 pour cent par "
     "an."),
    (INTEREST, "Los intereses se devengan a 50 puntos básicos al mes; nunca pueden superar el 12 por ciento al año."),
    (INTEREST, "Gli interessi maturano a 50 punti base al mese; non possono mai superare il 12 per cento all'anno."),
    (INTEREST, "Os juros vencem a 50 pontos base por mês; nunca podem exceder 12 por cento ao ano."),
    (INTEREST, "De rente bedraagt 50 basispunten per maand en mag nooit hoger zijn dan 12 procent per jaar."),
    (TRAINING, "Auftragnehmer müssen nicht an der Schulung vom 6. März 2026 teilnehmen."),
    (TRAINING, "Les prestataires ne sont pas tenus d'assister à la formation du 6 mars 2026."),
    (TRAINING, "Los contratistas no están obligados a asistir a la formación del 6 de marzo de 2026."),
    (TRAINING, "Gli appaltatori non sono tenuti a partecipare alla formazione del 6 marzo 2026."),
    (TRAINING, "Os prestadores não são obrigados a participar na formação de 6 de março de 2026."),
    (TRAINING, "Opdrachtnemers zijn niet verplicht de training van 6 maart 2026 bij te wonen."),
    (DATA,
     "Personenbezogene Daten dürfen 24 Monate lang aufbewahrt werden, müssen aber auf Verlangen gelöscht "
     "werden."),
    (DATA, "Les données personnelles peuvent être conservées pendant 24 mois, mais doivent être effacées sur demande."),
    (DATA, "Los datos personales pueden conservarse durante 24 meses, pero deben borrarse a petición."),
    (DATA, "I dati personali possono essere conservati per 24 mesi, ma devono essere cancellati su richiesta."),
    (DATA, "Os dados pessoais podem ser conservados durante 24 meses, mas devem ser apagados a pedido."),
    (DATA, "Persoonsgegevens mogen 24 maanden worden bewaard, maar moeten op verzoek worden gewist."),
    (NOTICE, "Jede Partei kann diesen Vertrag mit einer Frist von 90 Tagen gegenüber der anderen Partei kündigen."),
    (NOTICE, "Chaque partie peut résilier le présent contrat moyennant un préavis de 90 jours à l'autre partie."),
    (NOTICE, "Cualquiera de las partes puede rescindir este contrato con un preaviso de 90 días a la otra parte."),
    (NOTICE, "Ciascuna parte può recedere dal presente contratto con un preavviso di 90 giorni all'altra parte."),
    (NOTICE, "Qualquer das partes pode rescindir este contrato com um aviso prévio de 90 dias à outra parte."),
    (NOTICE, "Elke partij kan deze overeenkomst met een opzegtermijn van 90 dagen beëindigen."),
    (GIFTS, "Geschenke im Wert von mehr als 50 EUR sind verboten; kleinere Geschenke bedürfen keiner Genehmigung."),
    (GIFTS,
     "Les cadeaux d'une valeur de plus de 50 EUR sont interdits ; les cadeaux plus petits ne nécessitent "
     "aucune approbation."),
    (GIFTS, "Los regalos de más de 50 EUR están prohibidos; los regalos menores no necesitan aprobación."),
    (GIFTS, "I regali di valore superiore a 50 EUR sono vietati; i regali più piccoli non richiedono approvazione."),
    (GIFTS, "Os presentes de valor superior a 50 EUR são proibidos; os presentes menores não precisam de aprovação."),
    (GIFTS, "Geschenken van meer dan 50 EUR zijn verboden; kleinere geschenken behoeven geen goedkeuring."),
)  # fmt: skip

ARCHIVE = (
    "The Company retains invoices for ten years and may destroy them only with the consent of the Compliance Officer."
)
ABROAD = "Remote work abroad is limited to 20 business days per calendar year."
OWN = "No employee may approve his or her own expenses."
QUARTER = "Operating expenses rose by 12.4% to EUR 3.2 million in the third quarter of 2025."
OFFICIALS = "Gifts from public officials must be reported to Legal without delay."
PASSWORD = "You should change your password every 90 days; it must have at least 12 characters."

MORE: tuple[tuple[str, str], ...] = (
    (ARCHIVE,
     "Das Unternehmen bewahrt Rechnungen zehn Jahre lang auf und darf sie nur mit Zustimmung des "
     "Compliance-Beauftragten vernichten."),
    (ARCHIVE,
     "La société conserve les factures pendant dix ans et ne peut les détruire qu'avec l'accord du "
     "responsable de la conformité."),
    (ARCHIVE,
     "La empresa conserva las facturas durante diez años y solo puede destruirlas con el consentimiento "
     "del responsable de cumplimiento."),
    (ARCHIVE,
     "La società conserva le fatture per dieci anni e può distruggerle solo con il consenso del "
     "responsabile della conformità."),
    (ARCHIVE,
     "A empresa conserva as faturas durante dez anos e só pode destruí-las com o consentimento do "
     "responsável de conformidade."),
    (ARCHIVE,
     "Het bedrijf bewaart facturen tien jaar en mag ze alleen met toestemming van de compliance officer "
     "vernietigen."),
    (ABROAD, "Mobiles Arbeiten im Ausland ist auf 20 Arbeitstage pro Kalenderjahr begrenzt."),
    (ABROAD, "Le télétravail à l'étranger est limité à 20 jours ouvrés par année civile."),
    (ABROAD, "El trabajo a distancia en el extranjero está limitado a 20 días hábiles por año natural."),
    (ABROAD, "Il lavoro da remoto all'estero è limitato a 20 giorni lavorativi per anno solare."),
    (ABROAD, "O trabalho remoto no estrangeiro está limitado a 20 dias úteis por ano civil."),
    (ABROAD, "Thuiswerken in het buitenland is beperkt tot 20 werkdagen per kalenderjaar."),
    (OWN, "Kein Mitarbeiter darf seine eigenen Ausgaben genehmigen."),
    (OWN, "Aucun employé ne peut approuver ses propres dépenses."),
    (OWN, "Ningún empleado puede aprobar sus propios gastos."),
    (OWN, "Nessun dipendente può approvare le proprie spese."),
    (OWN, "Nenhum funcionário pode aprovar as suas próprias despesas."),
    (OWN, "Geen enkele werknemer mag zijn eigen onkosten goedkeuren."),
    (QUARTER, "Die Betriebskosten stiegen im dritten Quartal 2025 um 12,4 % auf 3,2 Millionen EUR."),
    (QUARTER,
     "Les charges d'exploitation ont augmenté de 12,4 % pour atteindre 3,2 millions d'euros au troisième "
     "trimestre 2025."),
    (QUARTER,
     "Los gastos de explotación aumentaron un 12,4 % hasta 3,2 millones de euros en el tercer trimestre de "
     "2025."),
    (QUARTER, "Le spese operative sono aumentate del 12,4% a 3,2 milioni di euro nel terzo trimestre del 2025."),
    (QUARTER, "As despesas operacionais aumentaram 12,4% para 3,2 milhões de euros no terceiro trimestre de 2025."),
    (QUARTER, "De bedrijfskosten stegen in het derde kwartaal van 2025 met 12,4% tot 3,2 miljoen euro."),
    (OFFICIALS, "Geschenke von Amtsträgern müssen der Rechtsabteilung unverzüglich gemeldet werden."),
    (OFFICIALS, "Les cadeaux d'agents publics doivent être signalés sans délai au service juridique."),
    (OFFICIALS, "Los regalos de funcionarios públicos deben comunicarse sin demora al departamento jurídico."),
    (OFFICIALS, "I regali di pubblici ufficiali devono essere segnalati senza indugio all'ufficio legale."),
    (OFFICIALS, "Os presentes de funcionários públicos devem ser comunicados sem demora ao departamento jurídico."),
    (OFFICIALS, "Geschenken van ambtenaren moeten onverwijld aan de juridische afdeling worden gemeld."),
    (PASSWORD, "Sie sollten Ihr Passwort alle 90 Tage ändern; es muss mindestens 12 Zeichen haben."),
    (PASSWORD, "Vous devriez changer votre mot de passe tous les 90 jours ; il doit comporter au moins 12 caractères."),
    (PASSWORD, "Debería cambiar su contraseña cada 90 días; debe tener al menos 12 caracteres."),
    (PASSWORD, "Dovrebbe cambiare la password ogni 90 giorni; deve avere almeno 12 caratteri."),
    (PASSWORD, "Deveria alterar a sua palavra-passe a cada 90 dias; deve ter pelo menos 12 caracteres."),
    (PASSWORD, "U zou uw wachtwoord elke 90 dagen moeten wijzigen; het moet minstens 12 tekens hebben."),
)  # fmt: skip
"""Others, on which the first version of the word lists let 24 of 36 stand."""

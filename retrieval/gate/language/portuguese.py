"""Portuguese, of both sides of the ocean."""

from __future__ import annotations

from retrieval.gate.language.base import language, listed

_SMALL = listed(
    "dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze|catorze quinze "
    "dezesseis|dezasseis dezessete|dezassete dezoito dezenove|dezanove"
)
_TENS = listed("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
_HUNDREDS = listed("duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos")
_NUMBERS = {
    **dict(enumerate(_SMALL, 2)),
    2: "dois|duas",
    **{10 * n: ten for n, ten in enumerate(_TENS, 2)},
    **{10 * n + m: f"{ten} e {one}" for n, ten in enumerate(_TENS, 2) for m, one in enumerate(["um", *_SMALL[:8]], 1)},
    100: "cem|cento",
    **{100 * n: f"{name}|{name[:-2]}as" for n, name in enumerate(_HUNDREDS, 2)},
    1000: "mil",
}

PORTUGUESE = language(
    "pt",
    "Portuguese",
    common="""o os as um uma uns umas do da dos das no na nos nas ao aos pelo pela de e ou que em nao se sao por
    para com sem sobre entre cada este esta esse essa seu sua seus suas mais menos todos todas todo
    nenhum nenhuma pode podem deve devem devera deverao sera serao ser ter tem ate dia dias mes meses
    ano anos noite semana semanas horas secao seccao artigo empresa contrato empregados funcionarios
    funcionario trabalhadores cliente custa custam maximo uteis""",
    months="janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    numbers=_NUMBERS,
    one="um|uma",
    joins="ou|mas",
    terms="""
    business days = dias?_ut(?:eis|il) dias?_ute(?:is)?
    calendar days = dias?_corridos? dias?_de_calendario
    days = dia dias
    nights = noite noites
    hours = hora horas
    minutes = minuto minutos
    weeks = semana semanas
    months = mes meses
    quarter = trimestre trimestres
    half = semestre semestres
    years = ano anos
    percentage points = pontos?_percentua(?:is|l)
    percent = por_cento
    basis points = pontos?[_-]base
    billion = mil_milhoes bilhao bilhoes
    million = milhao milhoes
    trillion = trilhao trilhoes biliao bilioes
    euros = euro euros
    dollars = dolar dolares
    pounds = libra libras
    francs = franco francos
    yen = iene ienes
    times = vezes
    section = secao secoes seccao seccoes paragrafo
    article = artigo artigos
    clause = clausula clausulas
    chapter = capitulo capitulos
    annex = anexo anexos
    page = pagina paginas
    table = tabela
    first = primeiro primeira
    second = segundo segunda
    third = terceiro terceira
    fourth = quarto quarta
    """,
    marks={
        "": """
        nao so
        nao apenas
        sem (demora|atraso|prejuizo)
        """,
        "most": """
        (nao|nunca) (se )?(deve|devem|pode|podem|podera|poderao|devera|deverao) _ (exceder|ultrapassar|superar)
        nao (se )?(deve|devem|pode|podem|podera|poderao|devera|deverao) _ mais (de|do que|que)#
        nao (excede|excedem|ultrapassa|ultrapassam|exceda|excedam|ultrapasse|ultrapassem)
        nao mais (de|do que|que|tarde)
        no maximo|maxim[oa]s? de|maxim[oa]s?|o mais tardar
        (ate|menos de|inferior\\w* a|abaixo de|dentro de|no prazo de|limitad\\w* a)#
        """,
        "least": """
        nao menos (de|do que|que)
        pelo menos|no minimo|minim[oa]s? de|minim[oa]s?
        (mais de|superior\\w* a|acima de|ultrapass\\w*|exced\\w*|a partir de)#
        """,
        "exempt": """
        nao (e|sao|esta|estao|sera|serao) _ (obrigad\\w*|obrigatori\\w*|necessari\\w*|exigid\\w*|requerid\\w*)
        nao (precisa|precisam|necessit\\w*|requer|requerem|exige|exigem)
        nao (tem|terao|tera) (de|que|obrigacao|a obrigacao)
        isent\\w*|dispensad\\w*|opciona\\w*|facultativ\\w*
        """,
        "only": """
        so|somente|apenas|unicamente|exclusivamente
        desde que|sob condicao
        """,
        "except": """
        salvo|exceto|excepto|a menos que|a nao ser que|com excecao|a excecao|com excepcao|excluid\\w*
        sem _ (consentimento|autorizacao|aprovacao|permissao|acordo)
        mas nao
        """,
        "forbid": """
        nao (se )?(deve|devem|pode|podem|podera|poderao|devera|deverao|deveria|deveriam|poderia|poderiam)
        nao (e|sao|esta|estao) _ (permitid\\w*|autorizad\\w*|admitid\\w*)
        (nenhum\\w*|ninguem) _ (pode|podem|podera|deve|devem|devera)
        proib\\w*|vedad\\w*
        """,
        "advise": """
        deveria|deveriam|recomend\\w*|aconselh\\w*
        """,
        "oblige": """
        deve|devem|devera|deverao|obrigad\\w*|obrigatori\\w*|obrigacao|necessari\\w*|precisa|precisam|necessit\\w*
        exige|exigem|exigid\\w*|requer|requerem|(tem|terao|tera) (de|que)
        """,
        "permit": """
        pode|podem|podera|poderao|permitid\\w*|permite|permitem|autorizad\\w*|direito a
        """,
        "not": """
        nao _ (nenhum\\w*|nunca|ninguem|nada|jamais)
        nem _ nem
        nao|nenhum\\w*|nunca|ninguem|jamais|sem|nem
        """,
    },
)
